/** What a model author writes: a function from a frame to detections. */
import type { Detection } from "@vas/contracts/inference.ts";
import type { Frame } from "./frame.ts";
import type { LoadedModel } from "./model-folder.ts";

export type { Detection } from "@vas/contracts/inference.ts";

export type HandlerContext = {
  model: LoadedModel;
  /** The assignment's parameters; empty where the request has none. VAS checked them against config_schema. */
  config: Record<string, unknown>;
  cameraId: string;
};

/** Called for one frame at a time. Whatever it throws becomes the reply's error. It keeps nothing of the frame. */
export type Handler = (frame: Frame, context: HandlerContext) => Detection[] | Promise<Detection[]>;

/** Loads what the handler needs, once, at the process's start. */
export type CreateHandler = (model: LoadedModel) => Handler | Promise<Handler>;

/**
 * A number between 0 and 1 from the assignment's parameters.
 *
 * @param otherwise what counts where the parameter is absent or no such number
 */
export function fractionSetting(config: Record<string, unknown>, name: string, otherwise: number): number {
  const value = config[name];
  return typeof value === "number" && value >= 0 && value <= 1 ? value : otherwise;
}
