import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesSource, readGraph } from "../../../runtimes/onnx/graph.ts";
import { type Graph, writeOnnx } from "../../../runtimes/onnx/testing/onnx-writer.ts";
import { checkFolder, type FileState, type Folder } from "./check.ts";

const HEAD = "model_id: m\nmodel_name: M\nmodel_version: '1'\nlicense: MIT\n";
const ONNX = `${HEAD}model_type: onnx\nmodel_weights: w.onnx\n`;
const GRAPH: Graph = {
  input: { name: "images", shape: [1, 3, 640, 640] },
  outputs: [{ name: "output0", dims: [1, 6, 8400], values: [] }],
};

/** A folder that exists nowhere: the checks need no disk. */
function folder(yaml: string, files: Record<string, string | Graph | FileState> = {}): Folder {
  const at = (name: string) => files[name];
  return {
    yaml,
    file(name) {
      const content = at(name);
      if (content === undefined) return { kind: "missing" };
      if (typeof content === "object" && "kind" in content) return content;
      return { kind: "file", size: typeof content === "string" ? content.length : 1 };
    },
    text: (name) => String(at(name)),
    graph(name) {
      const content = at(name);
      return readGraph(bytesSource(typeof content === "string" ? Buffer.from(content) : writeOnnx(content as Graph)));
    },
  };
}

const remarks = (...args: Parameters<typeof folder>) =>
  checkFolder(folder(...args)).remarks.map((r) => `${r.severity} ${r.line}: ${r.message}; ${r.remedy}`);

test("a good folder has no remarks, and its class names are known", () => {
  const yaml = `${ONNX}output_schema: { format: yolov8, class_names: [cat, dog] }\n`;
  assert.deepEqual(remarks(yaml, { "w.onnx": GRAPH }), []);
  const named = { ...GRAPH, metadata: { names: "{0: 'cat', 1: 'dog'}" } };
  const checked = checkFolder(folder(`${ONNX}output_schema: { format: yolov8 }\n`, { "w.onnx": named }));
  assert.deepEqual([checked.classNames, checked.remarks], [["cat", "dog"], []]);
  assert.deepEqual(remarks(`${HEAD}model_type: module\nentry: h.py\n`, { "h.py": "" }), []);
});

test("each failure has its line and its remedy", () => {
  const one = (expected: RegExp, ...args: Parameters<typeof folder>) => {
    const found = remarks(...args);
    assert.ok(
      found.some((remark) => expected.test(remark)),
      found.join("\n") || "no remark",
    );
  };
  const v8 = (more: string) => `${ONNX}output_schema:\n  format: yolov8\n  class_names: [cat, dog]\n${more}`;
  const good = { "w.onnx": GRAPH };
  one(/^error 2: unknown key "model_nam"; write|remove/, "model_id: m\nmodel_nam: x\n");
  one(/^error 6: model_weights "w.onnx": there is no such file; put the file/, ONNX);
  one(/^error 6: .*leaves the folder/, ONNX, { "w.onnx": { kind: "outside" } });
  one(/^error 6: .*not a file/, ONNX, { "w.onnx": { kind: "other" } });
  one(/^error 6: model_weights "w.onnx": this is no ONNX model: .*; export/, ONNX, { "w.onnx": "hello" });
  one(/^error 6: entry "h.sh" is no program that a runtime starts/, `${HEAD}model_type: module\nentry: h.sh\n`, {
    "h.sh": "",
  });
  one(/^error 7: the entry of an onnx model runs in Node/, `${ONNX}entry: d.py\n`, { ...good, "d.py": "" });
  one(
    /^error 11: layout is nhwc, but input images is \[1, 3, 640, 640\]; write layout: nchw/,
    v8("preprocess:\n  layout: nhwc\n"),
    good,
  );
  one(
    /^error 11: dtype is uint8, but input images is float32; write dtype: float32/,
    v8("preprocess:\n  dtype: uint8\n"),
    good,
  );
  one(
    /^error 6: input images: its size is fixed \[found:640x640, asked:320x320\]/,
    v8("expected_resolution: [320, 320]\n"),
    good,
  );
  one(/^error 8: no family decodes format yolov99; write format: yolov8/, v8("").replace("yolov8", "yolov99"), good);
  one(/^error 1: no family decodes format \(none\); write format: yolov8/, ONNX, good);
  one(
    /^warning 8: format is detr, but the outputs look like yolov8 \[found:output0 \[1, 6, 8400\]\]/,
    v8("").replace("yolov8", "detr"),
    good,
  );
  one(/^error 7: the outputs are of 2 classes, model.yaml has 3/, v8("").replace("dog", "dog, owl"), good);
  one(
    /^error 8: classes and class names differ \[classes:3, names:2\]/,
    v8("").replace("format", "classes: 3\n  format"),
    good,
  );
  const file = `${HEAD}model_type: module\nentry: h.ts\noutput_schema:\n  class_names_file: n.txt\n`;
  one(/^error 8: line 2 of n.txt is empty/, file, { "h.ts": "", "n.txt": "a\n\nb\n" });
  one(/^error 8: class_names_file "n.txt": there is no such file/, file, { "h.ts": "" });
  one(/^warning 1: no license is named/, `${HEAD.replace("license: MIT\n", "")}model_type: module\nentry: h.ts\n`, {
    "h.ts": "",
  });
});

test("no folder at all is one remark", () => {
  const { model, remarks: found } = checkFolder({
    ...folder(""),
    yaml: { problem: "there is no file model.yaml in /x" },
  });
  assert.equal(model, null);
  assert.match(found[0]?.remedy ?? "", /write a model.yaml/);
});
