/**
 * Imported before onnxruntime, for its effect: half floats stay Uint16Array, the only form that its native part knows.
 *
 * onnxruntime's JavaScript part turns them into Float16Array where the platform has that type, and its native part (1.30)
 * then sees a buffer of 0 bytes ("not enough space"). The check is made when the first tensor is, so taking the type
 * away in this process, which uses it nowhere, is enough. A test with a float16 network says when this can go.
 */
Reflect.deleteProperty(globalThis, "Float16Array");
