import assert from "node:assert/strict";
import { test } from "node:test";
import type { CameraStatus } from "@vas/contracts/http.ts";
import { eventually, FakeDevices, FakeVas } from "./fakes.ts";
import { CameraViewer, type ViewerView } from "./viewer.ts";

const camera = "c1";
const run = (name: string, rtpBase: number | null = 1) => ({ run_id: name, pts90k_base: 900, rtp_base: rtpBase });

function watch(wanted?: "sub") {
  const vas = new FakeVas();
  const devices = new FakeDevices();
  let made = 0;
  const state = { run: "r1" as string | null, stopped: false, stream: "main" as "main" | "sub" };
  vas.answers.capabilities = () =>
    state.stopped
      ? { error: { code: "camera_stopped", message: "The camera is stopped." } }
      : { result: { rtp_capabilities: {} } };
  vas.answers.transport = () => {
    made += 1;
    return {
      result: {
        transport_id: `t${made}`,
        stream: state.stream,
        ice_parameters: {},
        ice_candidates: [],
        dtls_parameters: {},
      },
    };
  };
  vas.answers.consume = (params) => {
    if (!state.run) return { error: { code: "camera_not_live", message: "No picture." } };
    made += 1;
    return {
      result: {
        consumer_id: `k${made} on ${String(params.transport_id)}`,
        producer_id: "p",
        kind: "video",
        rtp_parameters: {},
        run: { ...run(state.run), stream: state.stream },
      },
    };
  };
  const views: ViewerView<string>[] = [];
  const viewer = new CameraViewer<string>({
    cameraId: camera,
    ...(wanted ? { stream: wanted } : {}),
    connection: vas.connection,
    loadDevice: devices.load,
    timers: vas.timers,
    random: () => 1,
    onView: (view) => views.push(view),
  });
  vas.connection.start();
  const playing = async (what: string) => {
    await eventually(`${what}: a track`, () => viewer.view.phase === "waiting_key_frame");
    await eventually(`${what}: resumed`, () => vas.requests.at(-1)?.method === "resume");
    viewer.frameShown();
    await eventually(`${what}: playing`, () => viewer.view.phase === "playing");
  };
  return { vas, devices, viewer, views, state, playing };
}

const status = (state: CameraStatus["state"]) => ({ camera_id: camera, state }) as CameraStatus;

test("a viewer goes from capabilities to a resumed consumer in order", async () => {
  const { vas, viewer, playing } = watch();
  assert.equal(viewer.view.phase, "connecting");
  vas.accept();
  await playing("first");
  assert.deepEqual(
    vas.requests.map((request) => request.method),
    ["capabilities", "transport", "consume", "connect", "resume"],
  );
  assert.equal(viewer.view.track, "track of k2 on t1");
  assert.equal(viewer.view.run?.run_id, "r1");
});

test("a run's RTP base that becomes known later reaches the view", async () => {
  const { vas, viewer, playing } = watch();
  vas.accept();
  await playing("first");
  vas.notice({ notice: "run", camera_id: camera, run: run("r1", 77) });
  assert.equal(viewer.view.run?.rtp_base, 77);
  vas.notice({ notice: "run", camera_id: "other", run: run("r1", 78) });
  assert.equal(viewer.view.run?.rtp_base, 77);
});

test("an ended stream is consumed again on the same transport once a run is there", async () => {
  const { vas, viewer, state, playing } = watch();
  vas.accept();
  await playing("first");
  state.run = null;
  vas.notice({ notice: "stream_ended", camera_id: camera, consumer_id: "k2 on t1" });
  await eventually("waits for a run", () => viewer.view.phase === "waiting_run");
  assert.equal(vas.count("consume"), 1);
  state.run = "r2";
  vas.notice({ notice: "run", camera_id: camera, run: run("r2") });
  await playing("second run");
  assert.equal(vas.count("transport"), 1);
  assert.equal(viewer.view.run?.run_id, "r2");
});

test("a run that is announced before the end of the old one is not missed", async () => {
  const { vas, viewer, state, playing } = watch();
  vas.accept();
  await playing("first");
  state.run = "r2";
  vas.notice({ notice: "run", camera_id: camera, run: run("r2") });
  vas.notice({ notice: "stream_ended", camera_id: camera, consumer_id: "k2 on t1" });
  await playing("second run");
  assert.equal(viewer.view.run?.run_id, "r2");
});

test("a closed transport begins a new session", async () => {
  const { vas, devices, viewer, playing } = watch();
  vas.accept();
  await playing("first");
  vas.notice({ notice: "transport_closed", camera_id: camera, transport_id: "t1" });
  await eventually("the old receiver is closed", () => devices.receivers[0]?.closed === true);
  vas.timers.advance(500);
  await playing("second session");
  assert.equal(vas.count("capabilities"), 2);
  assert.match(viewer.view.track ?? "", /on t3$/);
});

test("a broken path to VAS closes the transport and begins anew", async () => {
  const { vas, devices, playing } = watch();
  vas.accept();
  await playing("first");
  devices.receivers[0]?.events.failed();
  await eventually("closed at VAS", () => vas.count("close") === 1);
  await eventually("closed here", () => devices.receivers[0]?.closed === true);
  vas.timers.advance(500);
  await playing("second session");
});

test("a lost connection, or a VAS that restarted, ends in a picture again", async () => {
  const { vas, devices, viewer, playing } = watch();
  vas.accept();
  await playing("first");
  vas.break();
  await eventually("the track is gone", () => viewer.view.track === null && devices.receivers[0]?.closed === true);
  vas.timers.advance(500);
  vas.accept();
  await playing("after the restart");
  assert.equal(vas.sockets.length, 2);
});

test("a refusal is shown with its words and tried again", async () => {
  const { vas, viewer, playing } = watch();
  const answer = vas.answers.capabilities as (params: Record<string, unknown>) => { result: unknown };
  vas.answers.capabilities = () => ({
    error: { code: "media_unavailable", message: "The media worker is being replaced." },
  });
  vas.accept();
  await eventually("retrying", () => viewer.view.phase === "retrying");
  assert.equal(viewer.view.error?.message, "The media worker is being replaced.");
  vas.answers.capabilities = answer;
  vas.timers.advance(500);
  await playing("second try");
  assert.equal(viewer.view.error, null);
});

test("a browser that refuses the stream says so", async () => {
  const { vas, devices, viewer } = watch();
  devices.refuse = "no H.264";
  vas.accept();
  await eventually("retrying", () => viewer.view.phase === "retrying");
  assert.equal(viewer.view.error?.message, "This browser cannot play the stream: no H.264");
});

test("a stopped camera waits for its start", async () => {
  const { vas, viewer, state, playing } = watch();
  state.stopped = true;
  vas.accept();
  await eventually("stopped", () => viewer.view.phase === "stopped");
  state.stopped = false;
  vas.notice({ notice: "camera", status: status("connecting") });
  await playing("started");
});

test("a camera without a picture is consumed once its run comes", async () => {
  const { vas, viewer, state, playing } = watch();
  state.run = null;
  vas.accept();
  await eventually("waits", () => viewer.view.phase === "waiting_run");
  state.run = "r9";
  vas.notice({ notice: "run", camera_id: camera, run: run("r9") });
  await playing("first run");
  assert.equal(vas.count("transport"), 1);
});

test("packets that never become a picture start over", async () => {
  const { vas, viewer } = watch();
  vas.accept();
  await eventually("resumed", () => vas.count("resume") === 1);
  await eventually("still waiting", () => viewer.view.phase === "waiting_key_frame");
  vas.timers.advance(30_000);
  await eventually("retrying", () => viewer.view.phase === "retrying");
  assert.equal(viewer.view.error?.code, "no_picture");
});

test("a closed viewer closes its transport and asks nothing more", async () => {
  const { vas, devices, viewer, playing } = watch();
  vas.accept();
  await playing("first");
  viewer.close();
  await eventually("closed", () => vas.count("close") === 1 && devices.receivers[0]?.closed === true);
  const asked = vas.requests.length;
  vas.break();
  vas.timers.advance(60_000);
  vas.accept();
  await eventually("a turn", () => true);
  assert.equal(vas.requests.length, asked);
});

test("a viewer of a sub stream plays main while there is none, and the sub stream once it comes", async () => {
  const { vas, viewer, state, playing } = watch("sub");
  vas.accept();
  await playing("main for now");
  assert.equal(vas.requests[0]?.params["stream"], "sub");
  assert.equal(viewer.view.stream, "main");
  state.stream = "sub";
  state.run = "s1";
  vas.notice({ notice: "run", camera_id: camera, run: { ...run("s1"), stream: "sub" } });
  await eventually("a new session", () => viewer.view.phase === "connecting");
  vas.timers.advance(1000);
  await playing("the sub stream");
  assert.deepEqual([viewer.view.stream, viewer.view.run?.run_id], ["sub", "s1"]);

  vas.notice({ notice: "run", camera_id: camera, run: run("r2") });
  assert.equal(viewer.view.run?.run_id, "s1", "a run of main says nothing of it");
  state.stream = "main";
  state.run = "r2";
  const consumer_id = String(vas.requests.findLast((request) => request.method === "resume")?.params["consumer_id"]);
  vas.notice({ notice: "stream_ended", camera_id: camera, consumer_id });
  await eventually("a new session", () => viewer.view.phase === "connecting");
  vas.timers.advance(1000);
  await playing("main again");
  assert.deepEqual([viewer.view.stream, viewer.view.run?.run_id], ["main", "r2"]);
});

test("a viewer of main does not care for runs of the sub stream", async () => {
  const { vas, viewer, playing } = watch();
  vas.accept();
  await playing("main");
  vas.notice({ notice: "run", camera_id: camera, run: { ...run("s1"), stream: "sub" } });
  assert.deepEqual([viewer.view.phase, viewer.view.run?.run_id], ["playing", "r1"]);
  assert.equal(vas.count("capabilities"), 1);
});
