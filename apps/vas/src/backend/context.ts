/** What every route and feed of the backend works with. Made once in site.ts. */
import type { Clock } from "@vas/base/clock.ts";
import type { Log } from "@vas/base/log.ts";
import type { LiveNotice } from "@vas/contracts/live.ts";
import type { CoreFlight } from "@vas/contracts/flights.ts";
import type { CoreMetrics, StreamRole } from "@vas/contracts/http.ts";
import type { DoctorAnswer, DoctorQuestion } from "@vas/contracts/model-drafts.ts";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { Config } from "../config.ts";
import type { Kernel } from "../kernel/index.ts";
import type { FlightLog } from "./flights.ts";
import type { Database } from "./store/database.ts";
import type { Track } from "./track/track.ts";

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** One published stream of notices; every logged-in browser's WebSocket is a subscriber. */
export interface Notices {
  /** Never waits and never throws; a subscriber that cannot keep up loses notices, which are counted. */
  publish(notice: LiveNotice): void;
}

/** Looks at files that may be a model, in a process of its own. */
export interface Doctor {
  /** @throws CodedError model_examination_failed where it found no answer, or the signal's reason */
  ask(question: DoctorQuestion, signal: AbortSignal): Promise<DoctorAnswer>;
}

/** What the connected Core last said of itself. In memory only: observed, not intended. */
export type CoreObservation = {
  connected: boolean;
  lastReportWallMs: number | null;
  metrics: CoreMetrics | null;
  /** Ids of the models that the connected Core has found. */
  presentModels: Set<string>;
  /** Tells the connected Core that assignments changed; does nothing where none is connected. */
  notifyAssignmentsChanged(): void;
  /**
   * The newest frames of a subscription, newest first.
   * @throws CodedError core_unavailable where none is connected or it does not answer in time
   */
  flights(cameraId: string, modelId: string): Promise<CoreFlight[]>;
};

export type Backend = {
  config: Config;
  db: Database;
  kernel: Kernel;
  log: Log;
  clock: Clock;
  notices: Notices;
  core: CoreObservation;
  serviceKey: string;
  /** Of which stream an exported frame of a camera was. */
  streamOfFrame(cameraId: string, frameId: number): StreamRole;
  /** Every result, beside the recording. */
  track: Track;
  /** When each of the newest results came and went. */
  flights: FlightLog;
  /** Resolves once all that the kernel has told so far is in the store, or was counted as lost. Never rejects. */
  recorded(): Promise<void>;
};
