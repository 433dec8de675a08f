/**
 * Fetches the official prebuilt mediasoup worker of the installed mediasoup version, or says in one line why not.
 *
 *   node tools/mediasoup-worker/fetch.ts <file to write>
 *
 * Exit codes: 0 written, 1 not available. The answer must begin within 10 s and be complete within 60 s. The file is
 * tried before it is kept: without its environment the worker refuses with exit code 41.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, release } from "node:os";
import { dirname, join } from "node:path";

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error("usage: fetch.ts <file to write>");
const folder = mkdtempSync(join(dirname(target), "fetch-"));
try {
  const manifest = createRequire(import.meta.url)
    .resolve("mediasoup")
    .replace(/\/node\/lib\/.*$/, "/package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  const name = `mediasoup-worker-${version}-linux-${arch()}-kernel${release().split(".")[0]}.tgz`;
  const url = `https://github.com/versatica/mediasoup/releases/download/${version}/${name}`;
  const archive = join(folder, "worker.tgz");
  writeFileSync(archive, await download(url));
  const unpacked = spawnSync("tar", ["-xzf", archive, "-C", folder, "--no-same-owner"]);
  if (unpacked.status !== 0) throw new Error(`tar could not read ${name}: ${unpacked.stderr.toString().trim()}`);
  const file = join(folder, "mediasoup-worker");
  chmodSync(file, 0o755);
  if (spawnSync(file, [], { env: {}, timeout: 5000 }).status !== 41)
    throw new Error(`${name} does not run on this machine`);
  renameSync(file, target);
} catch (thrown) {
  const { message, cause } = thrown as Error;
  process.stdout.write(`    ${cause instanceof Error ? `${message}: ${cause.message}` : message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function download(url: string): Promise<Buffer> {
  const abort = new AbortController();
  const begin = setTimeout(() => abort.abort(new Error("no answer within 10 s")), 10_000);
  const complete = setTimeout(() => abort.abort(new Error("not complete within 60 s")), 60_000);
  try {
    const response = await fetch(url, { signal: abort.signal });
    clearTimeout(begin);
    if (!response.ok) throw new Error(`the download was answered with ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } finally {
    clearTimeout(begin);
    clearTimeout(complete);
  }
}
