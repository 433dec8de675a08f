/** The laws of the images and of compose.yaml: nothing runs as root, writes its own image, or reaches what it need not. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { sources } from "./sources.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FRAMES = "frames:/run/vas/frames";

type Instruction = { name: string; rest: string };
type Stage = { from: string; as: string; instructions: Instruction[] };
type Service = {
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  privileged?: boolean;
  network_mode?: string;
  networks?: string[];
  ports?: string[];
  volumes?: string[];
  devices?: string[];
  pid?: string;
  ipc?: string;
  pids_limit?: number;
  mem_limit?: string;
  environment?: Record<string, string>;
  restart?: string;
  build?: { context: string; dockerfile: string };
};
type Compose = {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, { driver_opts?: { o?: string } }>;
};

const dockerfiles = sources("Dockerfile").map(({ path, text }) => ({ path, stages: stagesOf(text) }));
const compose = parse(readFileSync(join(ROOT, "deploy/compose.yaml"), "utf8"), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const runtimes = services.filter(([name]) => name.startsWith("runtime-"));

function stagesOf(text: string): Stage[] {
  const lines = text.replaceAll(/^\s*#.*\n/gm, "").replaceAll(/\\\n\s*/g, " ");
  const stages: Stage[] = [];
  for (const line of lines.split("\n")) {
    const [, name = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (name === "FROM") {
      const [, from = "", as = ""] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest) ?? [];
      stages.push({ from, as, instructions: [] });
    } else if (name !== "") stages.at(-1)?.instructions.push({ name, rest });
  }
  return stages;
}

function values(stage: Stage | undefined, name: string): string[] {
  return (stage?.instructions ?? []).filter((one) => one.name === name).map((one) => one.rest);
}

test("there are images of VAS, Core and the runtimes' base, each from a base that says its version", () => {
  const paths = dockerfiles.map(({ path }) => path);
  for (const name of ["vas", "core", "runtime-node", "runtime-python"])
    assert.ok(paths.includes(`deploy/docker/${name}.Dockerfile`), `deploy/docker/${name}.Dockerfile is missing`);
  for (const { path, stages } of dockerfiles) {
    const own = new Set(stages.map((stage) => stage.as));
    for (const { from } of stages) assert.ok(own.has(from) || /^[\w./-]+:\d+\.\d+/.test(from), `${path}: FROM ${from}`);
  }
});

test("every image runs as a numbered user that is not root, and its command is no shell's", () => {
  for (const { path, stages } of dockerfiles) {
    const last = stages.at(-1);
    const user = values(last, "USER").at(-1) ?? "root";
    assert.match(user, /^[1-9]\d{3,}:[1-9]\d{3,}$/, `${path}: USER ${user}`);
    const after = last?.instructions.slice(last.instructions.findLastIndex((one) => one.name === "USER") + 1) ?? [];
    assert.ok(!after.some((one) => one.name === "RUN" || one.name === "COPY"), `${path}: work after USER`);
    assert.match(values(last, "ENTRYPOINT").at(-1) ?? "", /^\["/, `${path}: ENTRYPOINT is not a list`);
    assert.deepEqual(values(last, "ADD"), [], `${path}: ADD fetches and unpacks; use COPY`);
    assert.doesNotMatch(values(last, "ENV").join(" "), /KEY|PASSWORD|SECRET|TOKEN/, `${path}: a secret in the image`);
  }
});

test("what an image copies from the repository is there, and no secret or local data is", () => {
  for (const { path, stages } of dockerfiles)
    for (const stage of stages)
      for (const rest of values(stage, "COPY")) {
        if (rest.includes("--from=")) continue;
        const from = rest.split(/\s+/).filter((word) => !word.startsWith("--"));
        for (const name of from.slice(0, -1)) assert.ok(existsSync(join(ROOT, name)), `${path} copies ${name}`);
      }
  const ignored = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
  for (const name of [".git", "**/node_modules", "data", "demo-data"]) assert.ok(ignored.includes(name), name);
});

test("no service can write its image, gain a right, or be root", () => {
  for (const [name, service] of services) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ["ALL"], name);
    assert.deepEqual(service.security_opt, ["no-new-privileges:true"], name);
    assert.match(service.user ?? "", /^[1-9]\d*:[1-9]\d*$/, name);
    assert.ok((service.pids_limit ?? 0) > 0, `${name} has no pids_limit`);
    for (const right of ["cap_add", "privileged", "devices", "pid", "ipc"] as const)
      assert.equal(service[right], undefined, `${name} has ${right}`);
    assert.ok(!(service.volumes ?? []).some((volume) => /docker\.sock|^\/:/.test(volume)), name);
  }
});

test("a service has the user of its image, and its image is one of ours", () => {
  for (const [name, service] of services) {
    assert.equal(service.build?.context, "..", name);
    const image = dockerfiles.find(({ path }) => path === service.build?.dockerfile);
    assert.ok(image, `${name}: there is no ${service.build?.dockerfile}`);
    assert.equal(values(image.stages.at(-1), "USER").at(-1), service.user, name);
  }
});

test("a runtime has no network and no port, reads the frames, and writes its own socket folder only", () => {
  assert.ok(runtimes.length >= 2);
  for (const [name, service] of runtimes) {
    const own = `sockets-${name.slice("runtime-".length)}`;
    assert.equal(service.network_mode, "none", name);
    assert.equal(service.networks ?? service.ports, undefined, name);
    assert.ok(service.mem_limit, `${name} has no mem_limit`);
    assert.deepEqual(service.volumes?.toSorted(), [`${FRAMES}:ro`, `${own}:/run/ruth`].toSorted(), name);
    assert.equal(service.restart, undefined, `${name}: nothing restarts a model`);
    assert.equal(service.environment?.VAS_SERVICE_KEY, undefined, name);
    const others = services.filter(([other]) => other !== name && other !== "ruth-core");
    for (const [other, { volumes = [] }] of others)
      assert.ok(!volumes.some((volume) => volume.startsWith(`${own}:`)), `${other} sees the socket of ${name}`);
  }
});

test("only VAS writes frames; Core writes nothing, listens nowhere and reaches VAS alone", () => {
  const writers = services.filter(([, { volumes = [] }]) => volumes.includes(FRAMES)).map(([name]) => name);
  assert.deepEqual(writers, ["vas"]);
  const core = compose.services["ruth-core"];
  for (const volume of core?.volumes ?? []) assert.match(volume, /:ro$/);
  assert.deepEqual([core?.networks, core?.ports], [["ruth"], undefined]);
  assert.equal(compose.networks.ruth?.internal, true);
  for (const [name] of runtimes) {
    const model = name.slice("runtime-".length);
    assert.ok(core?.volumes?.includes(`sockets-${model}:/run/ruth/${model}:ro`), `Core does not see ${model}`);
  }
});

test("shared memory belongs to its writer and no volume is open to everybody", () => {
  for (const [name, { driver_opts }] of Object.entries(compose.volumes)) {
    if (name === "data") continue;
    const [, uid, mode] = /uid=(\d+),gid=10001,mode=(\d+)/.exec(driver_opts?.o ?? "") ?? [];
    assert.equal(uid, name === "frames" ? "10000" : "10001", name);
    assert.equal(mode, name === "frames" ? "0750" : "0700", name);
  }
  const mounted = new Set(services.flatMap(([, { volumes = [] }]) => volumes.map((one) => one.split(":")[0])));
  for (const name of Object.keys(compose.volumes)) assert.ok(mounted.has(name), `nobody mounts ${name}`);
});
