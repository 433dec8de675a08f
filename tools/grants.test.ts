/** Starting processes, listening, reading the environment and writing files are granted by name, here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { importsOf, isTest, namesFrom, type Source, sources } from "./sources.ts";

/** Files, or folders with a slash at the end, and what for. */
type Grants = Record<string, string>;

const SPAWN: Grants = {
  "apps/vas/src/kernel/camera/child.ts": "FFmpeg of a camera, its clips and pictures",
  "apps/vas/src/kernel/frames/tap.ts": "the decode tap",
  "apps/vas/src/doctor/doctor.ts": "the model doctor, for files that came from the web",
  "packages/model-doctor/src/picture.ts": "FFmpeg, for the picture that a model is tried on",
  "packages/model-doctor/src/try.ts": "Python, for a model that is written in it",
  "packages/testkit/src/processes.ts": "test cameras",
  "packages/testkit/src/postgres.ts": "the database of a test",
  "packages/testkit/src/site.ts": "the parts of a site",
  "tools/": "the repository's own commands",
};

const LISTEN: Grants = {
  "apps/vas/src/main.ts": "the HTTP port",
  "apps/vas/src/kernel/live/camera-live.ts": "RTP of the camera's own FFmpeg, on loopback",
  "packages/runtime-sdk/src/server.ts": "a runtime's Unix socket",
  "packages/testkit/src/": "test cameras and free ports",
};

const ENVIRONMENT: Grants = {
  "apps/vas/src/main.ts": "handed to config.ts, which checks it",
  "apps/ruth-core/src/config.ts": "read and checked there",
  "packages/runtime-sdk/src/config.ts": "read and checked there",
  "packages/testkit/src/": "what children inherit, and where the test data is",
  "deploy/site.ts": "handed on to the parts",
};

const WRITE: Grants = {
  "apps/vas/src/kernel/frames/": "frame export in shared memory",
  "apps/vas/src/kernel/kernel.ts": "the folders of the media plane",
  "apps/vas/src/kernel/recording/": "segments, clips and pictures",
  "apps/vas/src/backend/store/database.ts": "the store's folder",
  "apps/vas/src/backend/secrets.ts": "the key that seals camera passwords, and the service key",
  "apps/vas/src/backend/recorder-journal.ts": "rows that wait for the store",
  "apps/vas/src/backend/media.ts": "snapshots and clips",
  "apps/vas/src/backend/added-models.ts":
    "the removal of a model's folder that came from the web, and the mark that allows it",
  "apps/vas/src/backend/model-drafts.ts": "files of a model that came from the web, and the folder that they become",
  "apps/vas/src/backend/exports.ts": "the tracks of exports",
  "apps/vas/src/backend/track/": "results beside the recording",
  "apps/vas/src/backend/site.ts": "the data folder",
  "packages/model-doctor/src/main.ts": "model.yaml, where init was asked for it",
  "packages/model-doctor/src/try.ts": "labels, for FFmpeg to draw",
  "packages/runtime-sdk/src/heartbeat.ts": "a runtime's heartbeat",
  "packages/runtime-sdk/src/server.ts": "a runtime's Unix socket",
  "packages/testkit/src/": "temporary folders of tests",
  "packages/conformance/src/ring.ts": "the frames that it shows a runtime",
  "packages/conformance/src/cases/frames.ts": "the same, broken",
  "tools/": "the repository's own commands",
  "deploy/site.ts": "the launcher's own files in the data folder",
};

const SQL: Grants = {
  "apps/vas/src/backend/store/": "the only place that knows SQL",
};

const WRITERS =
  /^(\*|(write|writev|writeFile|appendFile|createWriteStream|mkdir|mkdtemp|rename|rm|rmdir|unlink|truncate|ftruncate|cp|copyFile|link|symlink|chmod|fchmod|chown|utimes)(Sync)?)$/;

const isSpawning = (source: Source) => importsOf(source).some((name) => /^node:(child_process|cluster)$/.test(name));
const isListening = (source: Source) =>
  /\.listen\(\s*[^)\s]/.test(source.text) ||
  namesFrom(source, /^node:(net|http|https|http2|dgram|tls)$/).some((name) =>
    /^(\*|create(Secure)?(Server|Socket))$/.test(name),
  );
const isReadingEnvironment = (source: Source) =>
  /\bprocess\.env\b/.test(source.text.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*/g, ""));
const isWriting = (source: Source) => namesFrom(source, /^node:fs(\/promises)?$/).some((name) => WRITERS.test(name));
const isSpeakingSql = (source: Source) => importsOf(source).some((name) => /^(node:sqlite|kysely|pg)(\/|$)/.test(name));

for (const [what, grants, does] of [
  ["starts processes", SPAWN, isSpawning],
  ["listens", LISTEN, isListening],
  ["reads the environment", ENVIRONMENT, isReadingEnvironment],
  ["writes files", WRITE, isWriting],
  ["speaks SQL", SQL, isSpeakingSql],
] as const) {
  const product = () =>
    sources(".ts", ".tsx").filter(({ path }) => !isTest(path) && /^(apps|packages|runtimes|deploy|tools)\//.test(path));
  const isGranted = (path: string) =>
    Object.keys(grants).some((grant) => (grant.endsWith("/") ? path.startsWith(grant) : path === grant));

  test(`nothing ${what} without a grant`, () => {
    const wrong = product().filter((source) => does(source) && !isGranted(source.path));
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
      "a new grant belongs into tools/grants.test.ts, with its reason",
    );
  });

  test(`every grant of a file that ${what} is used`, () => {
    const users = product().filter(does);
    const unused = Object.keys(grants).filter(
      (grant) => !users.some(({ path }) => (grant.endsWith("/") ? path.startsWith(grant) : path === grant)),
    );
    assert.deepEqual(unused, []);
  });
}
