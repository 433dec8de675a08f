/**
 * `node packages/runtime-sdk/src/main.ts <model folder>`: serves a model of `model_type: module`.
 *
 * The folder's `entry` exports `handler`, or `createHandler(model)` where something has to be loaded first.
 */
import { pathToFileURL } from "node:url";
import type { CreateHandler, Handler } from "./handler.ts";
import type { LoadedModel } from "./model-folder.ts";
import { runRuntime } from "./process.ts";

await runRuntime(loadEntry);

async function loadEntry(model: LoadedModel): Promise<Handler> {
  if (model.yaml.model_type !== "module" || model.entryPath === undefined)
    throw new Error(`this is the runtime of model_type module [found:${model.yaml.model_type}]`);
  const entry = (await import(pathToFileURL(model.entryPath).href)) as {
    handler?: Handler;
    createHandler?: CreateHandler;
  };
  if (typeof entry.createHandler === "function") return entry.createHandler(model);
  if (typeof entry.handler === "function") return entry.handler;
  throw new Error(`${model.yaml.entry} exports neither handler nor createHandler`);
}
