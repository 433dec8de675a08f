/** The frame that a video element shows now: its pixels and its time, as one thing where the browser gives them as one. */

export type ShownFrame = {
  /** Of WebRTC; null where the browser does not tell, and for recordings. */
  rtpTimestamp: number | null;
  /** Seconds on the element's time line; null where the browser does not tell. */
  mediaTime: number | null;
  /** To be drawn before `close`. */
  picture: VideoFrame | HTMLVideoElement;
  close(): void;
};

/** Two media times within half a millisecond are one frame's: browsers round them differently. */
const SAME_US = 500;

type TimedFrame = VideoFrame & { metadata?: () => { rtpTimestamp?: number } };

/**
 * A `VideoFrame` carries its own time, so that picture and time never belong to different frames. A browser without it
 * leaves the last frame callback, which may be a display refresh late.
 *
 * @param said the last frame callback's metadata, where there was one
 * @returns null where nothing is shown
 */
export function shownFrame(video: HTMLVideoElement, said: VideoFrameCallbackMetadata | null): ShownFrame | null {
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.videoWidth === 0) return null;
  const frame = takeFrame(video);
  if (!frame)
    return {
      rtpTimestamp: said?.rtpTimestamp ?? null,
      mediaTime: said?.mediaTime ?? null,
      picture: video,
      close: () => {},
    };
  const isSaid = said !== null && Math.abs(said.mediaTime * 1e6 - frame.timestamp) <= SAME_US;
  return {
    rtpTimestamp: frame.metadata?.().rtpTimestamp ?? (isSaid ? (said.rtpTimestamp ?? null) : null),
    mediaTime: frame.timestamp / 1e6,
    picture: frame,
    close: () => frame.close(),
  };
}

function takeFrame(video: HTMLVideoElement): TimedFrame | null {
  if (typeof VideoFrame === "undefined") return null;
  try {
    return new VideoFrame(video);
  } catch {
    // The element lost its picture since it was asked for its state.
    return null;
  }
}
