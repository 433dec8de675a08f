/** `node packages/runtime-sdk/src/main.ts <model folder>`: serves a model of `model_type: module`. */
import { loadEntry } from "./entry.ts";
import { runRuntime } from "./process.ts";

await runRuntime(loadEntry);
