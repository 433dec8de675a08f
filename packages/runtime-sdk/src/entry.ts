/** The TypeScript file of a `model_type: module` as a handler. */
import { pathToFileURL } from "node:url";
import type { CreateHandler, Handler } from "./handler.ts";
import type { LoadedModel } from "./model-folder.ts";

/**
 * The folder's `entry` exports `handler`, or `createHandler(model)` where something has to be loaded first.
 *
 * @throws Error where it exports neither, or the model is of another type
 */
export async function loadEntry(model: LoadedModel): Promise<Handler> {
  if (model.yaml.model_type !== "module" || model.entryPath === undefined)
    throw new Error(`this is the runtime of model_type module [found:${model.yaml.model_type}]`);
  if (model.entryPath.endsWith(".py"))
    throw new Error(`${model.yaml.entry} is Python; start it with python3 -m vas_runtime <model folder>`);
  const entry = (await import(pathToFileURL(model.entryPath).href)) as {
    handler?: Handler;
    createHandler?: CreateHandler;
  };
  if (typeof entry.createHandler === "function") return entry.createHandler(model);
  if (typeof entry.handler === "function") return entry.handler;
  throw new Error(`${model.yaml.entry} exports neither handler nor createHandler`);
}
