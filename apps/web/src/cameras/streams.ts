/** What a probe found, in a person's words: facts, warnings about both streams together, and what recording will take. */
import type { CameraHoldings, ProbeReply } from "@vas/contracts/http.ts";
import { cameraFormText } from "../strings/camera-form.ts";
import { bytes, shortTime } from "../ui/format.ts";

const text = cameraFormText.facts;
const SECONDS_A_DAY = 86_400;
/** A tile that is shown for a glance should not be waited for longer. */
const SLOW_SUB_SECONDS = 4;

export function probeFacts(reply: ProbeReply): { name: string; value: string }[] {
  const kbps = reply.bitrate_kbps ?? null;
  return [
    { name: text.codec, value: reply.profile ? `${reply.codec} (${reply.profile})` : reply.codec },
    { name: text.size, value: `${reply.width} x ${reply.height}` },
    { name: text.rate, value: reply.fps === null ? text.notKnown : `${tenths(reply.fps)} fps` },
    { name: text.gop, value: reply.gop_seconds === null ? text.notKnown : `${tenths(reply.gop_seconds)} s` },
    { name: text.bitrate, value: kbps === null ? text.notKnown : bandwidth(kbps) },
    { name: text.bFrames, value: reply.b_frames ? text.yes : text.no },
    { name: text.audio, value: reply.has_audio ? text.yes : text.no },
  ];
}

export function bandwidth(kbps: number): string {
  return kbps < 1000 ? `${Math.round(kbps)} kbit/s` : `${tenths(kbps / 1000)} Mbit/s`;
}

/** What only both streams together, or the sub stream's task, tell. */
export function subWarnings(sub: ProbeReply, main: ProbeReply | null): string[] {
  const warnings: string[] = [];
  if (main && sub.width * sub.height >= main.width * main.height) warnings.push(cameraFormText.notSmaller);
  if (sub.gop_seconds !== null && sub.gop_seconds > SLOW_SUB_SECONDS)
    warnings.push(cameraFormText.subSlow(tenths(sub.gop_seconds)));
  return warnings;
}

/** @param days as typed; empty for no limit */
export function storageWords(kbps: number | null | undefined, days: string): string | null {
  if (kbps == null || kbps <= 0) return null;
  const aDay = (kbps / 8) * 1000 * SECONDS_A_DAY;
  const kept = Number(days);
  return cameraFormText.storage(bytes(aDay), days.trim() !== "" && kept > 0 ? bytes(aDay * kept) : null);
}

/** What goes with a camera, one line each; nothing for what there is none of. */
export function lossWords(held: CameraHoldings, now = new Date()): string[] {
  const { lostCount } = cameraFormText;
  const lines: string[] = [];
  if (held.recorded_since !== null) {
    const hours = held.recorded_hours;
    const time = hours < 1 ? `${Math.max(1, Math.round(hours * 60))} min` : `${tenths(hours)} h`;
    lines.push(cameraFormText.lostHours(time, bytes(held.size_bytes), shortTime(held.recorded_since, now)));
  }
  for (const what of ["clips", "snapshots", "exports", "events", "assignments"] as const)
    if (held[what] > 0) lines.push(lostCount[what](held[what]));
  return lines;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
