/** Serves a model in the test's own process, on its own socket folder. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { systemClock } from "@vas/base/clock.ts";
import { stderrLog } from "@vas/base/log.ts";
import type { CreateHandler } from "../handler.ts";
import { loadModelFolder } from "../model-folder.ts";
import { InferenceServer } from "../server.ts";
import { testFolders } from "./ring.ts";

export type ServedModel = { path: string; modelId: string; shmDir: string; end(): Promise<void> };

export async function serveModel(folder: string, createHandler: CreateHandler): Promise<ServedModel> {
  const model = loadModelFolder(folder);
  if (typeof model === "string") throw new Error(model);
  const handler = await createHandler(model);
  const { shmDir, socketDir, remove } = testFolders();
  const server = new InferenceServer({ model, handler, shmDir, socketDir, clock: systemClock, log: stderrLog("test") });
  await server.listen();
  return {
    path: server.path,
    modelId: model.yaml.model_id,
    shmDir,
    async end() {
      await server[Symbol.asyncDispose]();
      remove();
    },
  };
}

/** Path of a file of the test data, which the project does not carry. */
export function testData(name: string): string {
  const folder = process.env.VAS_TEST_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data");
  const path = join(folder, name);
  if (!existsSync(path)) throw new Error(`${path} is missing; set VAS_TEST_DATA to the folder that holds ${name}`);
  return path;
}

/** The middle one of some durations. */
export function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
