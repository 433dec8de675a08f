/** VAS as a process: configuration, start, signals, end. */
import { systemClock } from "@vas/base/clock.ts";
import { errorText, stderrLog } from "@vas/base/log.ts";
import { openSite } from "./backend/site.ts";
import { type Config, loadConfig } from "./config.ts";
import { findDoctor } from "./doctor/doctor.ts";
import { createKernel } from "./kernel/index.ts";

const EXIT = { ok: 0, failed: 1, invalidEnvironment: 3 } as const;

const loaded = loadConfig(process.env);
if (!loaded.ok) {
  for (const problem of loaded.problems) process.stderr.write(`${problem}\n`);
  process.exit(EXIT.invalidEnvironment);
}
await run(loaded.config);

async function run(config: Config): Promise<void> {
  const log = stderrLog("vas");
  let end: (() => Promise<void>) | undefined;
  let isEnding = false;
  const stop = (cause: string) => {
    if (isEnding) process.exit(EXIT.failed);
    isEnding = true;
    log.info("stopping", { cause });
    if (!end) process.exit(EXIT.ok);
    end().then(
      () => process.exit(EXIT.ok),
      (error: unknown) => {
        log.error("the end was not orderly", { error });
        process.exit(EXIT.failed);
      },
    );
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  if (config.exitWithStdin) {
    process.stdin.resume();
    process.stdin.once("close", () => stop("stdin closed"));
    process.stdin.once("error", () => stop("stdin failed"));
  }
  try {
    const doctor = findDoctor(log);
    const site = await openSite({
      config,
      log,
      clock: systemClock,
      ...(doctor === undefined ? {} : { doctor }),
      openKernel: (listener) => createKernel({ ...config, log, clock: systemClock, listener }),
    });
    end = () => site.close();
    // The only line on stdout, and the only place where the password is ever written. Before anything else can fail.
    if (site.newPassword !== undefined) process.stdout.write(`Administrator password: ${site.newPassword}\n`);
    await site.app.listen({ host: config.httpHost, port: config.httpPort });
    await site.start();
    log.info("listening", { addresses: site.app.addresses() });
  } catch (error) {
    log.error("VAS cannot start", { error: errorText(error) });
    if (end) await end();
    process.exit(EXIT.failed);
  }
}
