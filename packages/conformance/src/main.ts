/**
 * `node packages/conformance/src/main.ts <socket> [options]`: whether a runtime, in any language, keeps to W2.
 *
 * | exit code | meaning |
 * | --- | --- |
 * | 0 | every case passed |
 * | 1 | at least one failed |
 * | 2 | the arguments are wrong |
 * | 3 | the frames could not be made in VAS_SHM_DIR |
 */
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Outcome, type Report, runConformance } from "./run.ts";
import type { KitOptions } from "./kit.ts";

const USAGE = `Usage: node packages/conformance/src/main.ts <socket> [options]

  --model ID        the runtime's model; taken from the socket's name where it is absent
  --shm-dir DIR     the runtime's VAS_SHM_DIR, in which frames are made (/dev/shm/vas)
  --deadline MS     what one reply may take when nothing else is asked (1000)
  --patience MS     when anything else counts as never coming (10000)
  --size WxH        of the frames, even (640x360)
  --only WORDS      the cases whose group or name contains them
  --json            the report as JSON
`;
const EXIT = { failed: 1, usage: 2, noFrames: 3 };

const parsed = parse();
if (typeof parsed === "string") {
  process.stderr.write(`${parsed}\n\n${USAGE}`);
  process.exitCode = EXIT.usage;
} else await main(parsed.options, parsed.only, parsed.isJson);

async function main(options: KitOptions, only: string, isJson: boolean): Promise<void> {
  let group = "";
  const print = (outcome: Outcome) => {
    if (isJson) return;
    if (outcome.group !== group) process.stdout.write(`\n${outcome.group}\n`);
    group = outcome.group;
    process.stdout.write(`  ${outcome.problem === null ? "ok  " : "FAIL"}  ${outcome.name}\n`);
    if (outcome.problem !== null) process.stdout.write(`        ${outcome.problem}\n`);
  };
  if (!isJson) process.stdout.write(`W2 conformance of model ${options.modelId} at ${options.socket}\n`);
  let report: Report;
  try {
    report = await runConformance(options, print, ({ group, name }) => `${group}: ${name}`.includes(only));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).syscall === undefined) throw thrown;
    process.stderr.write(`no frames can be made in ${options.shmDir}: ${(thrown as Error).message}\n`);
    process.exitCode = EXIT.noFrames;
    return;
  }
  const failed = report.outcomes.filter((outcome) => outcome.problem !== null).length;
  if (failed > 0) process.exitCode = EXIT.failed;
  if (isJson) process.stdout.write(`${JSON.stringify({ ...options, ...report }, null, 2)}\n`);
  else process.stdout.write(`\n${summary(report, failed)}\n`);
}

function summary({ outcomes, untried, latencyMs }: Report, failed: number): string {
  const parts = [`${outcomes.length - failed} passed`, `${failed} failed`];
  if (untried > 0) parts.push(`${untried} not tried, because a request that is right is not answered`);
  if (latencyMs) parts.push(`reply p50 ${latencyMs.p50.toFixed(1)} ms, worst ${latencyMs.worst.toFixed(1)} ms`);
  return parts.join(", ");
}

function parse(): { options: KitOptions; only: string; isJson: boolean } | string {
  let given: ReturnType<typeof readArguments>;
  try {
    given = readArguments();
  } catch (thrown) {
    return (thrown as Error).message;
  }
  const { values, positionals } = given;
  const [socket] = positionals;
  if (socket === undefined || positionals.length !== 1) return "Name the runtime's socket as the only argument.";
  const modelId = values.model ?? /^vas_model_(.+)\.sock$/.exec(basename(socket))?.[1];
  if (modelId === undefined) return "The socket's name does not tell its model; give it with --model.";
  const deadlineMs = Number(values.deadline ?? 1000);
  const patienceMs = Number(values.patience ?? 10_000);
  if (!(deadlineMs > 0 && patienceMs > 0)) return "--deadline and --patience are milliseconds above 0.";
  const [, width, height] = (/^(\d+)x(\d+)$/.exec(values.size ?? "640x360") ?? []).map(Number);
  const isEven = (pixels: number | undefined): pixels is number => !!pixels && pixels % 2 === 0 && pixels <= 8192;
  if (!isEven(width) || !isEven(height)) return "--size is WIDTHxHEIGHT, both even and up to 8192.";
  const shmDir = resolve(values["shm-dir"] ?? "/dev/shm/vas");
  return {
    options: { socket: resolve(socket), modelId, shmDir, deadlineMs, patienceMs, width, height },
    only: values.only ?? "",
    isJson: values.json === true,
  };
}

/** @throws TypeError naming the argument that is not known */
function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      model: { type: "string" },
      "shm-dir": { type: "string" },
      deadline: { type: "string" },
      patience: { type: "string" },
      size: { type: "string" },
      only: { type: "string" },
      json: { type: "boolean" },
    },
  });
}
