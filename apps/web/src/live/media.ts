/** What the viewer needs of WebRTC; device.ts gives it with mediasoup-client, a test with a fake. */
import type { LiveResults } from "@vas/contracts/live.ts";

export type MediaConsumer<Track> = {
  track: Track;
  /** WebRTC's own statistics: an RTCStatsReport. */
  getStats?(): Promise<Iterable<[string, Record<string, unknown>]>>;
  close(): void;
};

export type MediaReceiver<Track> = {
  consume(consumer: LiveResults["consume"]): Promise<MediaConsumer<Track>>;
  close(): void;
};

export type ReceiverEvents = {
  /** The browser offers its DTLS parameters; rejects when VAS did not take them. */
  connect(dtlsParameters: Record<string, unknown>): Promise<void>;
  /** The path to VAS broke for good. */
  failed(): void;
};

export type MediaDevice<Track> = {
  readonly rtpCapabilities: Record<string, unknown>;
  receiver(transport: LiveResults["transport"], events: ReceiverEvents): MediaReceiver<Track>;
};

/** Makes a device for one router's RTP capabilities; rejects with the browser's words. */
export type LoadDevice<Track> = (routerRtpCapabilities: Record<string, unknown>) => Promise<MediaDevice<Track>>;
