/**
 * VAS on SQLite is killed (SIGKILL) at random moments while events pour in over `ai-results`. After each kill the database
 * must be sound, and every row whose message was acknowledged must be in it.
 *
 *   MEDIASOUP_WORKER_BIN=... node bench/store-kill.ts [rounds]
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Camera } from "@vas/contracts/http.ts";
import type { EventClosed, EventOpened } from "@vas/contracts/results.ts";
import { waitFor, within } from "@vas/testkit/processes.ts";
import { startSite } from "@vas/testkit/site.ts";
import { WebSocket } from "ws";
import { closedAt, openedAt } from "../apps/vas/src/backend/testing/ai-site.ts";

/** Messages that wait for an answer at any moment. */
const IN_FLIGHT = 32;
const MAX_EVENTS = 8;
/** The kill comes at a random moment of this time after the round's first acknowledgement. */
const KILL_WITHIN_MS = 300;

export type KillReport = {
  rounds: number;
  acknowledgedEvents: number;
  acknowledgedClosings: number;
  /** Messages that were under way when VAS was killed; their rows may be there or not. */
  unanswered: number;
  /** Of those, messages of which some rows are there and others are not: a transaction that was torn apart. */
  torn: string[];
  missing: string[];
  unsound: string[];
};

type Message = { opened: EventOpened[]; closed: EventClosed[] };

/** @param told called after every round */
export async function killUnderLoad(
  rounds: number,
  told: (report: KillReport) => void = () => {},
): Promise<KillReport> {
  await using site = await startSite({ start: { core: false, runtimes: false } });
  const api = await site.api();
  const wish = { name: "Of the events", rtsp_url: "rtsp://192.0.2.1/", start: false };
  const { id: cameraId } = await api.post<Camera>("cameras", wish);
  const report: KillReport = {
    rounds: 0,
    acknowledgedEvents: 0,
    acknowledgedClosings: 0,
    unanswered: 0,
    torn: [],
    missing: [],
    unsound: [],
  };
  const acked = { events: new Set<string>(), closings: new Set<string>() };
  while (report.rounds < rounds) {
    const unanswered = await loadUntilKilled(site.url, site.serviceKey(), cameraId, site.vas.kill, acked);
    report.rounds++;
    report.unanswered += unanswered.length;
    report.acknowledgedEvents = acked.events.size;
    report.acknowledgedClosings = acked.closings.size;
    const db = new DatabaseSync(join(site.dataDir, "vas.sqlite"));
    const check = db.prepare("PRAGMA integrity_check").all() as { integrity_check: string }[];
    if (check[0]?.integrity_check !== "ok") report.unsound.push(`round ${report.rounds}: ${JSON.stringify(check)}`);
    const ids = (sql: string) => new Set((db.prepare(sql).all() as { id: string }[]).map((row) => row.id));
    const events = ids("SELECT id FROM ai_events");
    const closings = ids("SELECT event_id AS id FROM ai_event_closings");
    db.close();
    for (const id of acked.events) if (!events.has(id)) report.missing.push(`round ${report.rounds}: event ${id}`);
    for (const id of acked.closings)
      if (!closings.has(id)) report.missing.push(`round ${report.rounds}: closing ${id}`);
    for (const { opened, closed } of unanswered) {
      const there = [
        ...opened.map((event) => events.has(event.event_id)),
        ...closed.map((closing) => closings.has(closing.event_id)),
      ];
      if (new Set(there).size > 1) report.torn.push(`round ${report.rounds}: ${JSON.stringify(there)}`);
    }
    told(report);
    await site.vas.start();
  }
  return report;
}

/** @returns the messages that were never answered */
async function loadUntilKilled(
  url: string,
  serviceKey: string,
  cameraId: string,
  kill: () => Promise<void>,
  acked: { events: Set<string>; closings: Set<string> },
): Promise<Message[]> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/api/v1/ai-results`, {
    headers: { authorization: `Bearer ${serviceKey}` },
  });
  const sent = new Map<number, Message>();
  /** Stored events that are still open; a message closes what an earlier one opened. */
  const open: EventOpened[] = [];
  let nextId = 1;
  let refusal: string | undefined;
  const fill = () => {
    while (sent.size < IN_FLIGHT && socket.readyState === WebSocket.OPEN) {
      const opened = Array.from({ length: 1 + Math.floor(Math.random() * MAX_EVENTS) }, () =>
        openedAt(Date.now(), { camera_id: cameraId }),
      );
      const closed = open.splice(0, 4).map((event) => closedAt(event, Date.now()));
      const id = nextId++;
      sent.set(id, { opened, closed });
      socket.send(JSON.stringify({ id, type: "events", opened, closed }));
    }
  };
  const firstAck = new Promise<void>((resolve) => {
    socket.on("message", (data) => {
      const answer = JSON.parse(String(data)) as { ack?: number; nack?: number };
      const message = answer.ack === undefined ? undefined : sent.get(answer.ack);
      if (answer.nack !== undefined) refusal = String(data);
      if (!message) return;
      sent.delete(answer.ack ?? 0);
      for (const event of message.opened) acked.events.add(event.event_id);
      for (const closing of message.closed) acked.closings.add(closing.event_id);
      open.push(...message.opened);
      resolve();
      fill();
    });
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => undefined); // the close that follows says it
  socket.once("open", fill);
  await within("the first acknowledgement", firstAck, 60_000);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * KILL_WITHIN_MS));
  await kill();
  // What VAS had acknowledged is still on its way through the socket; the close comes after it.
  await within("the connection to end", closed, 60_000);
  await waitFor("no refusal", () => refusal === undefined, { withinMs: 0, seen: () => refusal });
  return [...sent.values()];
}

if (import.meta.main) {
  const rounds = Number(process.argv[2] ?? 500);
  const started = performance.now();
  const wrong = ({ missing, torn, unsound }: KillReport) =>
    `missing ${missing.length}, torn ${torn.length}, unsound ${unsound.length}`;
  const report = await killUnderLoad(rounds, (now) => {
    if (now.rounds % 25 === 0) console.log(`${now.rounds} kills, ${now.acknowledgedEvents} events: ${wrong(now)}`);
  });
  const { torn, missing, unsound, ...counts } = report;
  console.log(JSON.stringify({ ...counts, seconds: Math.round((performance.now() - started) / 1000) }));
  console.log(wrong(report));
  for (const line of [...missing, ...torn, ...unsound].slice(0, 20)) console.log(line);
  process.exitCode = missing.length + torn.length + unsound.length === 0 ? 0 : 1;
}
