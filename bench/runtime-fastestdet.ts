/**
 * FastestDet as a runtime answers it (socket, frame, conversion, network, decoding, reply) beside onnxruntime alone on a tensor
 * that is ready, with the same session options. Wall time as one caller sees it, where it goes, and processor time, which
 * other work on the machine changes less.
 *
 *   node bench/runtime-fastestdet.ts [rounds] [requests per round]
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import {
  callRuntime,
  createTestRing,
  decodeFrames,
  requestFor,
  testFolders,
  until,
} from "@vas/runtime-sdk/testing/ring.ts";
import { testData } from "@vas/runtime-sdk/testing/serve.ts";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { MAX_THREADS, SESSION_OPTIONS } from "../runtimes/onnx/session.ts";

const rounds = Number(process.argv[2] ?? 7);
const requests = Number(process.argv[3] ?? 60);
const REPOSITORY = join(import.meta.dirname, "..");

const work = mkdtempSync(join(tmpdir(), "bench-fastestdet-"));
const folder = join(work, "fastestdet");
cpSync(join(REPOSITORY, "runtimes/onnx/examples/fastestdet"), folder, { recursive: true });
cpSync(testData("FastestDet.onnx"), join(folder, "FastestDet.onnx"));

const { shmDir, socketDir, remove } = testFolders();
const runtime = spawn(process.execPath, [join(REPOSITORY, "runtimes/onnx/main.ts"), folder], {
  env: { PATH: process.env.PATH, RUTH_SOCKET_DIR: socketDir, VAS_SHM_DIR: shmDir },
  stdio: ["ignore", "ignore", "pipe"],
});
let said = "";
runtime.stderr.on("data", (chunk: Buffer) => {
  said += chunk.toString();
});
try {
  await until("the runtime serves", () => said.includes('"serving"'), 60_000);
  const session = await InferenceSession.create(join(folder, "FastestDet.onnx"), SESSION_OPTIONS);
  const input = new Float32Array(3 * 352 * 352).map((_, at) => (at % 255) / 255);
  const feeds = { [session.inputNames[0] as string]: new Tensor("float32", input, [1, 3, 352, 352]) };
  const alone = () => session.run(feeds);
  const caller = await callRuntime(join(socketDir, "vas_model_fastestdet.sock"), 60_000);

  const threads = Math.max(1, Math.min(MAX_THREADS, availableParallelism() >> 1));
  console.log(`${rounds} rounds of ${requests}, ${threads} thread, load ${loadavg()[0]?.toFixed(1)}; ms, ratio`);
  for (const [width, height] of [
    [768, 432],
    [1920, 1080],
  ] as const) {
    const ring = createTestRing(shmDir, { width, height });
    const [frame] = decodeFrames(
      testData("one-by-one-person-detection.mp4"),
      { width, height },
      { everySeconds: 1, count: 1, fromSeconds: 27 },
    );
    const metadata = ring.write(frame as Buffer);
    const rows: {
      alone: number;
      whole: number;
      conversion: number;
      model: number;
      aloneCpu: number;
      wholeCpu: number;
    }[] = [];
    for (let round = 0; round <= rounds; round++) {
      const bare: number[] = [];
      const whole: number[] = [];
      const conversion: number[] = [];
      const model: number[] = [];
      const before = cpuMs(runtime.pid as number);
      let aloneCpu = 0;
      for (let request = 0; request < requests; request++) {
        // In turns, so that both meet the same load.
        const used = process.cpuUsage();
        let start = performance.now();
        await alone();
        bare.push(performance.now() - start);
        const { user, system } = process.cpuUsage(used);
        aloneCpu += (user + system) / 1000 / requests;
        start = performance.now();
        const reply = await caller.ask(requestFor(ring, "fastestdet", metadata));
        whole.push(performance.now() - start);
        if (reply.error !== null) throw new Error(reply.error);
        conversion.push(reply.metadata.preprocess_ms ?? 0);
        model.push(reply.metadata.inference_ms ?? 0);
      }
      const wholeCpu = (cpuMs(runtime.pid as number) - before) / requests;
      // The first round warms up.
      if (round > 0)
        rows.push({
          alone: median(bare),
          whole: median(whole),
          conversion: median(conversion),
          model: median(model),
          aloneCpu,
          wholeCpu,
        });
    }
    const of = (key: keyof (typeof rows)[number]) => median(rows.map((row) => row[key]));
    const ratio = median(rows.map((row) => row.whole / row.alone));
    console.log(
      `${width}x${height}: onnxruntime alone ${of("alone").toFixed(2)}, whole ${of("whole").toFixed(2)}   ${ratio.toFixed(2)}`,
    );
    console.log(`  conversion ${of("conversion").toFixed(2)}, network and decoding ${of("model").toFixed(2)}`);
    const cpu = median(rows.map((row) => row.wholeCpu / row.aloneCpu));
    console.log(
      `  processor time: alone ${of("aloneCpu").toFixed(2)}, runtime ${of("wholeCpu").toFixed(2)}   ${cpu.toFixed(2)}`,
    );
    ring.close();
  }
  caller.close();
} finally {
  runtime.kill("SIGTERM");
  remove();
  rmSync(work, { recursive: true, force: true });
}

/** Milliseconds on a processor of all threads; proc(5), schedstat. */
function cpuMs(pid: number): number {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`))
    sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  return sum / 1e6;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
