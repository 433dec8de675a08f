/** What this browser measures of the stream, once a second, while it is looked at. */
import type { Run } from "@vas/contracts/live.ts";
import { type RefObject, useEffect, useRef, useState } from "react";
import type { OverlayReport } from "../overlay/report.ts";
import { displayedPts90k } from "../overlay/time.ts";
import { camerasText } from "../strings/cameras.ts";
import { percent, rate } from "../ui/format.ts";
import { type Fact, Facts } from "../ui/parts.tsx";
import type { MediaConsumer } from "./media.ts";
import { type Sample, sampleOf, type Stats, statsOf } from "./stats.ts";

const EVERY_MS = 1_000;
/** A delay beyond this is the difference of two clocks. */
const MOST_DELAY_MS = 10_000;

export function StatsPanel(props: {
  consumer: MediaConsumer<unknown> | null;
  video: RefObject<HTMLVideoElement | null>;
  run: RefObject<Run | null>;
  /** Of overlay/live-director.ts. */
  wallOffsetMs: () => number | null;
  /** null while the overlay is off. */
  report: OverlayReport | null;
}) {
  const { consumer, report } = props;
  const stats = useStats(consumer);
  const delayMs = useDelay(props.video, props.run, props.wallOffsetMs);
  if (!stats) return <p className="quiet">{camerasText.statisticsWait}</p>;
  const ms = (value: number | null) => (value === null ? camerasText.none : `${Math.round(value)} ms`);
  const facts: Fact[] = [
    { name: camerasText.codec, value: stats.codec ?? camerasText.none },
    { name: camerasText.resolution, value: stats.size ?? camerasText.none },
    {
      name: camerasText.bitrate,
      value:
        stats.kbps === null ? camerasText.none : <span data-testid="bitrate">{Math.round(stats.kbps)} kbit/s</span>,
    },
    { name: camerasText.frameRate, value: stats.fps === null ? camerasText.none : rate(stats.fps, "fps") },
    {
      name: camerasText.packetsLost,
      value: camerasText.lostWords(stats.lost, stats.lostPart === null ? null : percent(stats.lostPart)),
    },
    { name: camerasText.jitterBuffer, value: ms(stats.jitterBufferMs) },
    { name: camerasText.decodeTime, value: ms(stats.decodeMs) },
    { name: camerasText.roundTrip, value: ms(stats.roundTripMs) },
    {
      name: camerasText.vasDelay,
      value: (
        <span title={camerasText.vasDelayWords}>
          {delayMs === null ? camerasText.none : camerasText.about(Math.round(delayMs))}
        </span>
      ),
    },
    { name: camerasText.decoded, value: <span data-testid="decoded">{stats.decoded}</span> },
    { name: camerasText.dropped, value: String(stats.dropped) },
    { name: camerasText.freezes, value: stats.freezes === null ? camerasText.none : String(stats.freezes) },
  ];
  if (report)
    facts.push(
      {
        name: camerasText.overlayError,
        value: report.ageFrames === null ? ms(report.ageMs) : camerasText.frames(report.ageFrames),
      },
      { name: camerasText.overlayDelay, value: ms(report.delayMs) },
    );
  return (
    <>
      <Facts facts={facts} />
      <p className="quiet small">{camerasText.vasDelayWords}</p>
    </>
  );
}

function useStats(consumer: MediaConsumer<unknown> | null): Stats | null {
  const [stats, setStats] = useState<Stats | null>(null);
  useEffect(() => {
    let over = false;
    let before: Sample | null = null;
    const look = async () => {
      // A consumer that has ended since rejects; the next one comes with the next view.
      const report = await consumer?.getStats?.().catch(() => null);
      const now = report ? sampleOf(report) : null;
      if (over) return;
      setStats(now && statsOf(now, before));
      before = now;
    };
    void look();
    const timer = setInterval(() => void look(), EVERY_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [consumer]);
  return stats;
}

/** From a frame in VAS to the screen, where a result has told when that was and both clocks allow it to be true. */
function useDelay(
  video: RefObject<HTMLVideoElement | null>,
  run: RefObject<Run | null>,
  wallOffsetMs: () => number | null,
): number | null {
  const [delayMs, setDelayMs] = useState<number | null>(null);
  const wallOffset = useRef(wallOffsetMs);
  wallOffset.current = wallOffsetMs;
  useEffect(() => {
    const element = video.current;
    if (!element || !("requestVideoFrameCallback" in element)) return undefined;
    let callback = 0;
    let toldMs = 0;
    const onFrame: VideoFrameRequestCallback = (now, { rtpTimestamp, expectedDisplayTime }) => {
      callback = element.requestVideoFrameCallback(onFrame);
      if (now - toldMs < EVERY_MS || rtpTimestamp === undefined || !run.current) return;
      toldMs = now;
      const shownMs = performance.timeOrigin + expectedDisplayTime;
      const pts90k = displayedPts90k(rtpTimestamp, run.current, shownMs * 90);
      const offsetMs = wallOffset.current();
      const delay = pts90k === null || offsetMs === null ? -1 : shownMs - pts90k / 90 - offsetMs;
      setDelayMs(delay >= 0 && delay <= MOST_DELAY_MS ? delay : null);
    };
    callback = element.requestVideoFrameCallback(onFrame);
    return () => element.cancelVideoFrameCallback(callback);
  }, [video, run]);
  return delayMs;
}
