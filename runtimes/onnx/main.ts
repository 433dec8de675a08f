/** `node runtimes/onnx/main.ts <model folder>`: serves a model of `model_type: onnx`. */
import { runRuntime } from "@vas/runtime-sdk/process.ts";
import { createHandler } from "./session.ts";

await runRuntime(createHandler);
