/**
 * An HLS playlist over recorded segments: each file is an init section and one byte range of fragments, so the files
 * are served as they are. The open segment is given with its current length.
 */
import type { SegmentRecord } from "../kernel/index.ts";

const TICKS_PER_SECOND = 90_000;
/** A hole of half a second is heard of; a camera's jitter between two files is not. */
const HOLE_TICKS = 45_000;

/** @param segments oldest first; those without a playable frame are left out */
export function hlsPlaylist(segments: SegmentRecord[]): string {
  const playable = segments.filter((s) => s.endPts90k > s.startPts90k && s.sizeBytes > s.initBytes);
  const seconds = (s: SegmentRecord) => (s.endPts90k - s.startPts90k) / TICKS_PER_SECOND;
  const target = Math.max(1, ...playable.map((segment) => Math.round(seconds(segment))));
  const lines = [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    `#EXT-X-TARGETDURATION:${target}`,
    "#EXT-X-PLAYLIST-TYPE:VOD",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    "#EXT-X-MEDIA-SEQUENCE:0",
  ];
  let previous: SegmentRecord | undefined;
  for (const segment of playable) {
    const uri = `/api/v1/segments/${segment.id}`;
    const isBroken =
      previous !== undefined &&
      (previous.runId !== segment.runId || segment.startPts90k - previous.endPts90k > HOLE_TICKS);
    if (isBroken) lines.push("#EXT-X-DISCONTINUITY");
    lines.push(
      `#EXT-X-MAP:URI="${uri}",BYTERANGE="${segment.initBytes}@0"`,
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.startWallMs).toISOString()}`,
      `#EXTINF:${seconds(segment).toFixed(5)},`,
      `#EXT-X-BYTERANGE:${segment.sizeBytes - segment.initBytes}@${segment.initBytes}`,
      uri,
    );
    previous = segment;
  }
  lines.push("#EXT-X-ENDLIST", "");
  return lines.join("\n");
}
