/**
 * Ruth AI Core: `node apps/ruth-core/src/main.ts`. The environment is described in config.ts.
 *
 * | exit code | meaning |
 * | --- | --- |
 * | 0 | asked to stop: SIGTERM, SIGINT, or a closed stdin where RUTH_EXIT_WITH_STDIN is 1 |
 * | 1 | a mistake in Core itself; the last line on stderr is the stack |
 * | 3 | the environment is not valid; one line on stderr names the variable |
 */
import { systemClock } from "@vas/base/clock.ts";
import { stderrLog } from "@vas/base/log.ts";
import { EXIT_INVALID_ENVIRONMENT, readConfig } from "./config.ts";
import { Core } from "./core.ts";

const log = stderrLog("ruth-core");
const config = readConfig();
if (typeof config === "string") {
  log.error(config);
  process.exit(EXIT_INVALID_ENVIRONMENT);
}

const core = new Core(config, log, systemClock);
let isStopping = false;
const stop = (why: string) => {
  if (isStopping) return;
  isStopping = true;
  log.info("stopping", { why });
  void core.stop().then(() => process.exit(0));
};
process.on("SIGTERM", () => stop("SIGTERM"));
process.on("SIGINT", () => stop("SIGINT"));
if (config.exitWithStdin) {
  process.stdin.on("close", () => stop("stdin closed"));
  process.stdin.resume();
}
core.start();
log.info("started", {
  vas: config.vasUrl,
  models: config.modelsDirs,
  sockets: config.socketDir,
  frames: config.shmDir,
});
