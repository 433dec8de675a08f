/** The life of a runtime process: environment, model folder, handler, socket, heartbeat, and a clean end. */
import { systemClock } from "@vas/base/clock.ts";
import { errorText, type Log, stderrLog } from "@vas/base/log.ts";
import { EXIT_INVALID_ENVIRONMENT, type RuntimeConfig, readConfig } from "./config.ts";
import type { CreateHandler } from "./handler.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type LoadedModel, loadModelFolder } from "./model-folder.ts";
import { InferenceServer } from "./server.ts";

/** Exit codes: 0 asked to end, 1 could not start or had to be cut short, 2 wrong arguments, 3 invalid environment. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** What a request that is being served may still take after the process was asked to end. */
const FINISH_MS = 5_000;

/**
 * Serves the model folder named by the command line until SIGTERM, SIGINT or the launcher's end. Does not return
 * before that.
 *
 * @param createHandler loads the model; called once, after the folder was checked
 */
export async function runRuntime(createHandler: CreateHandler): Promise<void> {
  const config = readConfig();
  if (typeof config === "string") {
    stderrLog("runtime").error("the environment is not valid", { error: config });
    process.exit(EXIT_INVALID_ENVIRONMENT);
  }
  const folder = process.argv[2];
  if (folder === undefined || process.argv.length !== 3) {
    stderrLog("runtime").error("name the model's folder as the only argument");
    process.exit(EXIT_USAGE);
  }
  const model = loadModelFolder(folder);
  if (typeof model === "string") {
    stderrLog("runtime").error("the model's folder is not valid", { error: model });
    process.exit(EXIT_FAILED);
  }
  const log = stderrLog(`runtime:${model.yaml.model_id}`);
  const asked = askedToEnd(config.exitWithStdin);
  try {
    const started = await Promise.race([start(createHandler, model, config, log), asked]);
    if (typeof started === "string") {
      log.info("ended before the model was loaded", { reason: started });
      process.exit(0);
    }
    log.info("serving", { socket: started.server.path, version: model.yaml.model_version });
    const reason = await asked;
    setTimeout(() => {
      log.error("a request did not finish; ending without it", { waitedMs: FINISH_MS });
      process.exit(EXIT_FAILED);
    }, FINISH_MS);
    await started.heartbeat[Symbol.asyncDispose]();
    await started.server[Symbol.asyncDispose]();
    log.info("ended", { reason });
    process.exit(0);
  } catch (error) {
    log.error("the runtime cannot start", { error: errorText(error), stack: (error as Error).stack });
    process.exit(EXIT_FAILED);
  }
}

async function start(createHandler: CreateHandler, model: LoadedModel, config: RuntimeConfig, log: Log) {
  const { socketDir, shmDir } = config;
  const handler = await createHandler(model);
  const server = new InferenceServer({ model, handler, socketDir, shmDir, clock: systemClock, log });
  await server.listen();
  const heartbeat = new Heartbeat({
    socketDir,
    modelId: model.yaml.model_id,
    clock: systemClock,
    log,
    metrics: () => server.metrics(),
    status: () => "healthy",
  });
  heartbeat.start();
  return { server, heartbeat };
}

/** Resolves with the reason when the process shall end. */
function askedToEnd(withStdin: boolean): Promise<string> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve("SIGTERM"));
    process.once("SIGINT", () => resolve("SIGINT"));
    if (!withStdin) return;
    process.stdin.resume();
    process.stdin.once("end", () => resolve("the end of stdin"));
    process.stdin.once("error", () => resolve("the end of stdin"));
  });
}
