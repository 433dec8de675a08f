/**
 * W3, HTTP: the schemas of every resource under `/api/v1`. They validate requests, shape replies, give the types and
 * the OpenAPI description. Requests refuse unknown fields. Times are ISO 8601 UTC with milliseconds, ids are UUIDs.
 */
import { type Static, Type } from "typebox";
import { Detection } from "./inference.ts";
import { IsoTime, ModelId, Nullable, Uuid } from "./schema.ts";
import { MAX_ZONE_POINTS, MAX_ZONES, MIN_ZONE_POINTS } from "./zones.ts";

const closed = { additionalProperties: false };

// Health

export const Health = Type.Object({
  status: Type.Union([Type.Literal("ok"), Type.Literal("degraded")]),
  version: Type.String(),
  uptime_seconds: Type.Number(),
  store: Type.Union([Type.Literal("ok"), Type.Literal("unavailable")]),
  cameras: Type.Object({
    total: Type.Integer(),
    live: Type.Integer(),
    connecting: Type.Integer(),
    retrying: Type.Integer(),
    stopped: Type.Integer(),
  }),
  frame_export_enabled: Type.Boolean(),
});
export type Health = Static<typeof Health>;

// Auth

export const LoginRequest = Type.Object(
  { username: Type.String({ minLength: 1, maxLength: 64 }), password: Type.String({ minLength: 1, maxLength: 1024 }) },
  closed,
);
export type LoginRequest = Static<typeof LoginRequest>;

// People: who may do what, with which cameras

/**
 * | role | may |
 * | --- | --- |
 * | administrator | everything, with every camera |
 * | operator | view and operate the cameras that were granted |
 * | viewer | view the cameras that were granted |
 */
export const Role = Type.Union([Type.Literal("administrator"), Type.Literal("operator"), Type.Literal("viewer")]);
export type Role = Static<typeof Role>;
/** `view` looks, `operate` starts, stops, keeps, deletes and assigns, `administer` changes the site and its people. */
export const Permission = Type.Union([Type.Literal("view"), Type.Literal("operate"), Type.Literal("administer")]);
export type Permission = Static<typeof Permission>;
/** Which cameras: every one, also those to come, or those that are named. */
export const Grant = Type.Object({ all_cameras: Type.Boolean(), camera_ids: Type.Array(Uuid) });
export type Grant = Static<typeof Grant>;
const grantFields = {
  all_cameras: Type.Optional(Type.Boolean()),
  camera_ids: Type.Optional(Type.Array(Uuid, { maxItems: 1000 })),
};

/** The caller: a person, or an API key by its name. An administrator has all cameras. */
export const Me = Type.Object({
  id: Uuid,
  username: Type.String(),
  role: Role,
  permissions: Type.Array(Permission),
  all_cameras: Type.Boolean(),
});
export type Me = Static<typeof Me>;

/** Names are kept in lower case. */
const Username = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._@-]*$", maxLength: 64 });
const NewPassword = Type.String({ minLength: 8, maxLength: 1024 });
export const User = Type.Object({
  id: Uuid,
  username: Type.String(),
  role: Role,
  ...Grant.properties,
  created_at: IsoTime,
  /** Last use of any of its sessions; null where none is open. */
  last_used_at: Nullable(IsoTime),
});
export type User = Static<typeof User>;
export const UserList = Type.Object({ items: Type.Array(User) });
export type UserList = Static<typeof UserList>;
/** No camera is granted where nothing is said of them. */
export const UserCreate = Type.Object(
  { username: Username, password: NewPassword, role: Role, ...grantFields },
  closed,
);
export type UserCreate = Static<typeof UserCreate>;
/** Fields that are absent stay as they are; `camera_ids` replaces the whole list. A password ends the user's sessions. */
export const UserPatch = Type.Object(
  {
    username: Type.Optional(Username),
    role: Type.Optional(Role),
    password: Type.Optional(NewPassword),
    ...grantFields,
  },
  { ...closed, minProperties: 1 },
);
export type UserPatch = Static<typeof UserPatch>;
export const PasswordChange = Type.Object(
  { old_password: Type.String({ minLength: 1, maxLength: 1024 }), new_password: NewPassword },
  closed,
);
export type PasswordChange = Static<typeof PasswordChange>;

export const Session = Type.Object({
  id: Uuid,
  /** The one that asks. */
  current: Type.Boolean(),
  created_at: IsoTime,
  /** To within five minutes. */
  last_used_at: IsoTime,
  /** Network address of the login. */
  address: Type.String(),
  /** What the browser called itself at the login. */
  agent: Type.String(),
});
export type Session = Static<typeof Session>;
export const SessionList = Type.Object({ items: Type.Array(Session) });
export type SessionList = Static<typeof SessionList>;

export const ApiKey = Type.Object({
  id: Uuid,
  name: Type.String(),
  role: Role,
  ...Grant.properties,
  /** Name of the administrator who made it. */
  created_by: Type.String(),
  created_at: IsoTime,
  /** To within a minute; null where it was never used. */
  last_used_at: Nullable(IsoTime),
  /** From then on it opens nothing; null where it lasts until it is revoked. */
  expires_at: Nullable(IsoTime),
});
export type ApiKey = Static<typeof ApiKey>;
export const ApiKeyList = Type.Object({ items: Type.Array(ApiKey) });
export type ApiKeyList = Static<typeof ApiKeyList>;
export const ApiKeyCreate = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 128, pattern: "\\S" }),
    role: Role,
    ...grantFields,
    /** In the future. */
    expires_at: Type.Optional(Nullable(IsoTime)),
  },
  closed,
);
export type ApiKeyCreate = Static<typeof ApiKeyCreate>;
/** `key` is shown here and never again: VAS keeps its hash. It goes into `Authorization: Bearer`, never into a URL. */
export const ApiKeyCreated = Type.Object({ ...ApiKey.properties, key: Type.String() });
export type ApiKeyCreated = Static<typeof ApiKeyCreated>;

// Cameras

export const CameraState = Type.Union([
  Type.Literal("connecting"),
  Type.Literal("live"),
  Type.Literal("retrying"),
  Type.Literal("stopped"),
]);
export type CameraState = Static<typeof CameraState>;

/** `main` is recorded; `sub` is a second, smaller picture of the same camera. */
export const StreamRole = Type.Union([Type.Literal("main"), Type.Literal("sub")]);
export type StreamRole = Static<typeof StreamRole>;

/** What is true of one stream. Measured fields are null until it has shown them. */
const streamFields = {
  state: CameraState,
  since: IsoTime,
  /** The cause while `retrying`, in words; null otherwise. */
  reason: Nullable(Type.Object({ code: Type.String(), message: Type.String() })),
  codec: Nullable(Type.String()),
  width: Nullable(Type.Integer()),
  height: Nullable(Type.Integer()),
  fps: Nullable(Type.Number()),
  gop_seconds: Nullable(Type.Number()),
  bitrate_kbps: Nullable(Type.Number()),
  /** Why live view is re-encoded; null where the stream is copied. */
  live_transcoded: Nullable(Type.String()),
  viewers: Type.Integer(),
};

/** What is true of one stream of a camera now. */
export const StreamStatus = Type.Object({ stream: StreamRole, ...streamFields });
export type StreamStatus = Static<typeof StreamStatus>;

/** What is true of a camera now: of its main stream, where nothing else is said. */
export const CameraStatus = Type.Object({
  camera_id: Uuid,
  ...streamFields,
  recording: Type.Boolean(),
  frame_export: Type.Object({
    enabled: Type.Boolean(),
    /** `running` once frames arrive; null where export is off. */
    state: Nullable(Type.Union([Type.Literal("starting"), Type.Literal("running"), Type.Literal("stopped")])),
    reason: Nullable(Type.String()),
    /** Which stream the frames are of. */
    stream: Type.Optional(StreamRole),
  }),
  /** Each stream by itself: main first, sub where the camera has one; empty while the camera is stopped. */
  streams: Type.Optional(Type.Array(StreamStatus)),
});
export type CameraStatus = Static<typeof CameraStatus>;

/** `test` is a moving picture that VAS makes itself: a camera without hardware and without an address. */
export const CameraOrigin = Type.Union([Type.Literal("rtsp"), Type.Literal("test")]);
export type CameraOrigin = Static<typeof CameraOrigin>;

export const Camera = Type.Object({
  id: Uuid,
  name: Type.String(),
  source: Type.Optional(CameraOrigin),
  /** Without name and password; empty for a test camera. */
  rtsp_url: Type.String(),
  /** Address of the sub stream, without name and password; null where there is none, or it is a test camera's. */
  sub_rtsp_url: Type.Optional(Nullable(Type.String())),
  has_sub: Type.Optional(Type.Boolean()),
  username: Nullable(Type.String()),
  has_password: Type.Boolean(),
  record: Type.Boolean(),
  retention_days: Nullable(Type.Number()),
  export_frames: Type.Boolean(),
  export_max_fps: Nullable(Type.Number()),
  export_height: Nullable(Type.Integer()),
  /** The wish; frames are of the main stream where there is no sub stream. */
  export_stream: Type.Optional(StreamRole),
  /** The wish: started cameras come back after a restart. */
  started: Type.Boolean(),
  created_at: IsoTime,
  updated_at: IsoTime,
  status: CameraStatus,
});
export type Camera = Static<typeof Camera>;

const cameraFields = {
  name: Type.String({ minLength: 1, maxLength: 128, pattern: "\\S" }),
  /** rtsp or rtsps; a name and password in it are split off and stored encrypted. */
  rtsp_url: Type.String({ minLength: 8, maxLength: 2048 }),
  /**
   * The sub stream's address; null for none. A name and password in it are its own; without them the camera's are used
   * where both addresses have the same host and port.
   */
  sub_rtsp_url: Nullable(Type.String({ minLength: 8, maxLength: 2048 })),
  username: Nullable(Type.String({ maxLength: 256 })),
  password: Nullable(Type.String({ maxLength: 256 })),
  record: Type.Boolean(),
  /** Days after which segments are deleted; null keeps them until the disk needs room. */
  retention_days: Nullable(Type.Number({ exclusiveMinimum: 0, maximum: 3650 })),
  /** Whether models get frames of this camera, where the site exports frames at all. */
  export_frames: Type.Boolean(),
  /** At most so many frames a second are exported; null is every frame. */
  export_max_fps: Nullable(Type.Number({ exclusiveMinimum: 0, maximum: 120 })),
  /** Height of the exported frames in pixels, even, proportions kept; null is the stream's own. */
  export_height: Nullable(Type.Integer({ minimum: 64, maximum: 4320, multipleOf: 2 })),
  /** Which stream's frames models get. */
  export_stream: StreamRole,
};
export const CameraCreate = Type.Object(
  {
    name: cameraFields.name,
    /** `rtsp` where absent. A test camera has no address, name or password. */
    source: Type.Optional(CameraOrigin),
    /** Required of an RTSP camera. */
    rtsp_url: Type.Optional(cameraFields.rtsp_url),
    sub_rtsp_url: Type.Optional(cameraFields.sub_rtsp_url),
    username: Type.Optional(cameraFields.username),
    password: Type.Optional(cameraFields.password),
    record: Type.Optional(cameraFields.record),
    retention_days: Type.Optional(cameraFields.retention_days),
    export_frames: Type.Optional(cameraFields.export_frames),
    export_max_fps: Type.Optional(cameraFields.export_max_fps),
    export_height: Type.Optional(cameraFields.export_height),
    export_stream: Type.Optional(cameraFields.export_stream),
    /** Start it at once; true where absent. */
    start: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type CameraCreate = Static<typeof CameraCreate>;
/** Fields that are absent stay as they are; a change of host forgets the stored password unless one is given. */
export const CameraPatch = Type.Partial(Type.Object(cameraFields), { ...closed, minProperties: 1 });
export type CameraPatch = Static<typeof CameraPatch>;

export const ProbeRequest = Type.Object(
  {
    rtsp_url: cameraFields.rtsp_url,
    username: Type.Optional(cameraFields.username),
    password: Type.Optional(cameraFields.password),
    /** Probe with this camera's stored password, where the host is the same and none is given. */
    camera_id: Type.Optional(Uuid),
  },
  closed,
);
export type ProbeRequest = Static<typeof ProbeRequest>;
export const ProbeReply = Type.Object({
  codec: Type.String(),
  profile: Nullable(Type.String()),
  width: Type.Integer(),
  height: Type.Integer(),
  fps: Nullable(Type.Number()),
  /** Seconds between key frames; null where only one was seen. */
  gop_seconds: Nullable(Type.Number()),
  b_frames: Type.Boolean(),
  has_audio: Type.Boolean(),
  /** Measured over the few seconds of the probe; null where they were too few. */
  bitrate_kbps: Type.Optional(Nullable(Type.Number())),
  /** A JPEG as a data URL. */
  picture: Nullable(Type.String()),
  /** Plain sentences, such as that H.265 is re-encoded for live view. */
  warnings: Type.Array(Type.String()),
});
export type ProbeReply = Static<typeof ProbeReply>;

/** What goes with a camera when it is deleted. */
export const CameraHoldings = Type.Object({
  /** Hours of video on disk, and the moment it begins. */
  recorded_hours: Type.Number(),
  recorded_since: Nullable(IsoTime),
  size_bytes: Type.Integer(),
  snapshots: Type.Integer(),
  clips: Type.Integer(),
  exports: Type.Integer(),
  events: Type.Integer(),
  assignments: Type.Integer(),
});
export type CameraHoldings = Static<typeof CameraHoldings>;

export const CameraParams = Type.Object({ id: Uuid }, closed);

// Groups of cameras

const groupFields = {
  name: Type.String({ minLength: 1, maxLength: 64, pattern: "\\S" }),
  camera_ids: Type.Array(Uuid, { minItems: 1, maxItems: 256 }),
};
/** Cameras that are watched together, in the order of their tiles: only those that the caller may see. */
export const CameraGroup = Type.Object({
  id: Uuid,
  name: Type.String(),
  camera_ids: Type.Array(Uuid),
  created_at: IsoTime,
  updated_at: IsoTime,
});
export type CameraGroup = Static<typeof CameraGroup>;
export const CameraGroupList = Type.Object({ items: Type.Array(CameraGroup) });
export type CameraGroupList = Static<typeof CameraGroupList>;
export const CameraGroupCreate = Type.Object(groupFields, closed);
export type CameraGroupCreate = Static<typeof CameraGroupCreate>;
/** `camera_ids` replaces what the caller sees of the group; cameras that it does not see stay, behind the others. */
export const CameraGroupPatch = Type.Partial(Type.Object(groupFields), { ...closed, minProperties: 1 });
export type CameraGroupPatch = Static<typeof CameraGroupPatch>;

// Recordings

export const RangeQuery = Type.Object({ from: IsoTime, to: IsoTime }, closed);
export type RangeQuery = Static<typeof RangeQuery>;
export const Segment = Type.Object({
  id: Uuid,
  start: IsoTime,
  end: IsoTime,
  /** Presentation time of the first and the end of the last frame on the camera's 90 kHz time line. */
  start_pts90k: Type.Integer(),
  end_pts90k: Type.Integer(),
  size_bytes: Type.Integer(),
  codec: Type.String(),
  /** Still being written. */
  open: Type.Boolean(),
});
export type Segment = Static<typeof Segment>;
export const Gap = Type.Object({
  start: IsoTime,
  end: Nullable(IsoTime),
  reason: Type.String(),
  message: Type.String(),
});
export type Gap = Static<typeof Gap>;
export const Recordings = Type.Object({ segments: Type.Array(Segment), gaps: Type.Array(Gap) });
export type Recordings = Static<typeof Recordings>;
/** Days (UTC, YYYY-MM-DD) that have footage, newest first. */
export const RecordingDays = Type.Object({ days: Type.Array(Type.String()) });
export type RecordingDays = Static<typeof RecordingDays>;

// Snapshots and clips

export const SnapshotCreate = Type.Object({ at: Type.Optional(IsoTime) }, closed);
export type SnapshotCreate = Static<typeof SnapshotCreate>;
export const Snapshot = Type.Object({
  id: Uuid,
  camera_id: Uuid,
  event_id: Nullable(Uuid),
  label: Nullable(Type.String()),
  /** The moment the picture shows. */
  timestamp: IsoTime,
  pts90k: Type.Integer(),
  width: Type.Integer(),
  height: Type.Integer(),
  size_bytes: Type.Integer(),
  created_at: IsoTime,
});
export type Snapshot = Static<typeof Snapshot>;
export const ClipCreate = Type.Object(
  { from: IsoTime, to: IsoTime, label: Type.Optional(Type.String({ maxLength: 256 })) },
  closed,
);
export type ClipCreate = Static<typeof ClipCreate>;
export const Clip = Type.Object({
  id: Uuid,
  camera_id: Uuid,
  event_id: Nullable(Uuid),
  label: Nullable(Type.String()),
  /** What the clip really holds: it starts at the key frame at or before the asked moment. */
  start: IsoTime,
  end: IsoTime,
  size_bytes: Type.Integer(),
  created_at: IsoTime,
});
export type Clip = Static<typeof Clip>;

const pageFields = {
  cursor: Type.Optional(Type.String({ maxLength: 512 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
};
export const MediaQuery = Type.Object({ camera_id: Type.Optional(Uuid), ...pageFields }, closed);
export type MediaQuery = Static<typeof MediaQuery>;
export const SnapshotPage = Type.Object({ items: Type.Array(Snapshot), next_cursor: Nullable(Type.String()) });
export type SnapshotPage = Static<typeof SnapshotPage>;
export const ClipPage = Type.Object({ items: Type.Array(Clip), next_cursor: Nullable(Type.String()) });
export type ClipPage = Static<typeof ClipPage>;

// Exports

export const ExportState = Type.Union([
  Type.Literal("queued"),
  Type.Literal("running"),
  Type.Literal("done"),
  Type.Literal("failed"),
]);
export type ExportState = Static<typeof ExportState>;
export const ExportCreate = Type.Object(
  {
    from: IsoTime,
    to: IsoTime,
    /** Burn the detections into the pictures, which are encoded again; false copies the video as it was recorded. */
    boxes: Type.Optional(Type.Boolean()),
    /** Of which models; all of them where absent. */
    models: Type.Optional(Type.Array(ModelId, { minItems: 1, maxItems: 64 })),
    label: Type.Optional(Type.String({ maxLength: 256 })),
  },
  closed,
);
export type ExportCreate = Static<typeof ExportCreate>;
export const Export = Type.Object({
  id: Uuid,
  camera_id: Uuid,
  label: Nullable(Type.String()),
  /** What was asked for. */
  from: IsoTime,
  to: IsoTime,
  boxes: Type.Boolean(),
  models: Nullable(Type.Array(ModelId)),
  state: ExportState,
  /** 0 to 1. */
  progress: Type.Number(),
  /** Why it failed. */
  error: Nullable(Type.String()),
  /** Presentation time of the first and the end of the last frame in the file; a copied one begins with a key frame. */
  start_pts90k: Nullable(Type.Integer()),
  end_pts90k: Nullable(Type.Integer()),
  size_bytes: Nullable(Type.Integer()),
  created_at: IsoTime,
  finished_at: Nullable(IsoTime),
});
export type Export = Static<typeof Export>;
export const ExportPage = Type.Object({ items: Type.Array(Export), next_cursor: Nullable(Type.String()) });
export type ExportPage = Static<typeof ExportPage>;

// AI events

export const AiEventQuery = Type.Object(
  {
    camera_id: Type.Optional(Uuid),
    model_id: Type.Optional(ModelId),
    label: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    min_confidence: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    from: Type.Optional(IsoTime),
    to: Type.Optional(IsoTime),
    /** Only what a person has looked at, or only what nobody has. */
    reviewed: Type.Optional(Type.Boolean()),
    ...pageFields,
  },
  closed,
);
export type AiEventQuery = Static<typeof AiEventQuery>;
/** Who looked at an event, by name, and when. */
export const EventReview = Type.Object({ by: Type.String(), at: IsoTime });
export type EventReview = Static<typeof EventReview>;
export const AiEvent = Type.Object({
  id: Uuid,
  camera_id: Uuid,
  model_id: ModelId,
  timestamp: IsoTime,
  frame_id: Type.Integer(),
  pts90k: Type.Integer(),
  /** Of which stream the frame was; `main` where absent. Of a sub stream's frame the picture shows about the same moment. */
  stream: Type.Optional(StreamRole),
  label: Type.String(),
  detections: Type.Array(Detection),
  confidence: Type.Number(),
  event_metadata: Type.Record(Type.String(), Type.Unknown()),
  created_at: IsoTime,
  /** Joined from the closing row; null while the event goes on. */
  ended_at: Nullable(IsoTime),
  frames: Nullable(Type.Integer()),
  best_confidence: Nullable(Type.Number()),
  best_frame_id: Nullable(Type.Integer()),
  snapshot_id: Nullable(Uuid),
  clip_id: Nullable(Uuid),
  /** Null while nobody has looked at it. */
  review: Nullable(EventReview),
});
export type AiEvent = Static<typeof AiEvent>;
/** With `reviewed` in the query a page may hold less than its limit, even nothing, and still have a next one. */
export const AiEventPage = Type.Object({ items: Type.Array(AiEvent), next_cursor: Nullable(Type.String()) });
export type AiEventPage = Static<typeof AiEventPage>;
/** Marks events as looked at, or takes the mark away; what is so already stays as it is. */
export const EventReviewsPut = Type.Object(
  { event_ids: Type.Array(Uuid, { minItems: 1, maxItems: 500 }), reviewed: Type.Boolean() },
  closed,
);
export type EventReviewsPut = Static<typeof EventReviewsPut>;
/** Ids of the events that changed; those that the caller may not see, or that do not exist, are not among them. */
export const EventReviewsReply = Type.Object({
  event_ids: Type.Array(Uuid),
  review: Nullable(EventReview),
});
export type EventReviewsReply = Static<typeof EventReviewsReply>;

// Models and assignments

/** What Core found in one model folder. */
export const DiscoveredModel = Type.Object({
  model_id: ModelId,
  folder: Type.String({ maxLength: 256 }),
  valid: Type.Boolean(),
  /** Why it is not valid. */
  reason: Nullable(Type.Object({ line: Type.Integer(), message: Type.String(), remedy: Type.String() })),
  name: Nullable(Type.String()),
  version: Nullable(Type.String()),
  type: Nullable(Type.String()),
  description: Nullable(Type.String()),
  author: Nullable(Type.String()),
  license: Nullable(Type.String()),
  supported_tasks: Type.Array(Type.String()),
  class_names: Type.Array(Type.String()),
  expected_resolution: Nullable(Type.Tuple([Type.Integer(), Type.Integer()])),
  output_type: Nullable(Type.String()),
  weights_sha256: Nullable(Type.String()),
  config_schema: Nullable(Type.Record(Type.String(), Type.Unknown())),
  /** What a person should know of a valid model, such as that it needs a GPU where there is none. */
  notice: Type.Optional(Nullable(Type.String())),
  /** What model.yaml grants the runtime; null where Core's own figures hold. */
  reply_timeout_ms: Type.Optional(Nullable(Type.Integer())),
  max_in_flight: Type.Optional(Nullable(Type.Integer())),
  /** Names of key points, in the order of a detection's; null where the model declares none. */
  keypoint_names: Type.Optional(Nullable(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 256 }))),
  /** Pairs of places in a detection's key points that a line joins; null where the model declares none. */
  skeleton: Type.Optional(
    Nullable(
      Type.Array(Type.Tuple([Type.Integer({ minimum: 0, maximum: 255 }), Type.Integer({ minimum: 0, maximum: 255 })]), {
        maxItems: 512,
      }),
    ),
  ),
});
export type DiscoveredModel = Static<typeof DiscoveredModel>;
export const AiModel = Type.Object({
  ...DiscoveredModel.properties,
  enabled: Type.Boolean(),
  /** Found by the Core that is connected now. */
  present: Type.Boolean(),
  /** It was added from the web, so it can be removed there. */
  removable: Type.Optional(Type.Boolean()),
  updated_at: IsoTime,
});
export type AiModel = Static<typeof AiModel>;
export const AiModelPatch = Type.Object({ enabled: Type.Boolean() }, closed);
export type AiModelPatch = Static<typeof AiModelPatch>;
export const AiModelList = Type.Object({ items: Type.Array(AiModel) });
export type AiModelList = Static<typeof AiModelList>;

const ZoneFraction = Type.Number({ minimum: 0, maximum: 1 });
/** A named polygon on the camera's picture, in fractions of it; zones.ts says what is in it. */
export const Zone = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: "^[^\\u0000-\\u001f\\u007f]*[^\\u0000-\\u0020\\u007f][^\\u0000-\\u001f\\u007f]*$",
    }),
    points: Type.Array(Type.Tuple([ZoneFraction, ZoneFraction]), {
      minItems: MIN_ZONE_POINTS,
      maxItems: MAX_ZONE_POINTS,
    }),
  },
  closed,
);
export type Zone = Static<typeof Zone>;
export const AssignmentPut = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean()),
    /** A maximum, in frames a second. */
    desired_fps: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 120 })),
    /** Higher goes first when a model is slower than asked for. */
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    /** A clip of each event is kept, from 5 s before to 5 s after it; false where it was never said. */
    clip: Type.Optional(Type.Boolean()),
    /** Only what stands in one of them makes events; all of the picture where there are none. */
    zones: Type.Optional(Type.Array(Zone, { maxItems: MAX_ZONES })),
  },
  closed,
);
export type AssignmentPut = Static<typeof AssignmentPut>;
export const Assignment = Type.Object({
  camera_id: Uuid,
  model_id: ModelId,
  enabled: Type.Boolean(),
  desired_fps: Type.Number(),
  priority: Type.Integer(),
  parameters: Type.Record(Type.String(), Type.Unknown()),
  clip: Type.Optional(Type.Boolean()),
  zones: Type.Optional(Type.Array(Zone)),
  created_at: IsoTime,
  updated_at: IsoTime,
});
export type Assignment = Static<typeof Assignment>;
export const AssignmentQuery = Type.Object(
  { camera_id: Type.Optional(Uuid), model_id: Type.Optional(ModelId), ...pageFields },
  closed,
);
export type AssignmentQuery = Static<typeof AssignmentQuery>;
export const AssignmentPage = Type.Object({ items: Type.Array(Assignment), next_cursor: Nullable(Type.String()) });
export type AssignmentPage = Static<typeof AssignmentPage>;
export const AssignmentParams = Type.Object({ camera_id: Uuid, model_id: ModelId }, closed);

// Detections: the track, every result kept beside the recording

/** Results are listed oldest first by presentation time. */
export const DetectionsQuery = Type.Object(
  {
    from: IsoTime,
    to: IsoTime,
    model_id: Type.Optional(ModelId),
    cursor: Type.Optional(Type.String({ maxLength: 512 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000 })),
  },
  closed,
);
export type DetectionsQuery = Static<typeof DetectionsQuery>;
/** All detections of one model on one frame. */
export const TrackResult = Type.Object({
  model_id: ModelId,
  frame_id: Type.Integer({ minimum: 1 }),
  pts90k: Type.Integer(),
  wall_ms: Type.Integer(),
  /** Of which stream the frame was; `main` where absent. A sub stream's frame is no frame of the recording. */
  stream: Type.Optional(StreamRole),
  detections: Type.Array(Detection),
});
export type TrackResult = Static<typeof TrackResult>;
export const DetectionsPage = Type.Object({ items: Type.Array(TrackResult), next_cursor: Nullable(Type.String()) });
export type DetectionsPage = Static<typeof DetectionsPage>;

// AI health: what Core last reported, and how long ago.

export const SKIP_REASONS = [
  "cap",
  "busy",
  "no_new_frame",
  "torn",
  "no_runtime",
  "timeout",
  "error",
  "invalid_assignment",
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

const HealthWord = Type.Union([Type.Literal("healthy"), Type.Literal("degraded"), Type.Literal("unknown")]);
const Latency = Type.Object({ p50: Nullable(Type.Number()), p95: Nullable(Type.Number()) });

export const SubscriptionMetrics = Type.Object({
  camera_id: Uuid,
  model_id: ModelId,
  health: HealthWord,
  reason: Nullable(Type.String()),
  desired_fps: Type.Number(),
  /** Results a second over the last 10 s. */
  achieved_fps: Type.Number(),
  dispatched: Type.Integer(),
  results: Type.Integer(),
  /** Frames not sent or not answered, by reason, since Core started. */
  skipped: Type.Record(Type.String(), Type.Integer()),
  /** Requests waiting for a reply: 0 or 1. */
  queue_depth: Type.Integer(),
  /** Dispatch to reply. */
  latency_ms: Latency,
  last_success_at: Nullable(IsoTime),
  last_error: Nullable(Type.String()),
  /** Since when `health` is what it is, to within a few seconds; VAS adds it. */
  since: Type.Optional(Nullable(IsoTime)),
});
export type SubscriptionMetrics = Static<typeof SubscriptionMetrics>;
export const ModelMetrics = Type.Object({
  model_id: ModelId,
  health: HealthWord,
  reason: Nullable(Type.String()),
  heartbeat_at: Nullable(IsoTime),
  total_requests: Nullable(Type.Number()),
  total_errors: Nullable(Type.Number()),
  avg_latency_ms: Nullable(Type.Number()),
  uptime_seconds: Nullable(Type.Number()),
  /** Resident memory of the runtime, as its heartbeat says. */
  memory_bytes: Type.Optional(Nullable(Type.Number())),
  /** Time that the runtime needs for one request, smoothed over the newest; null before the first. */
  service_ms: Type.Optional(Nullable(Type.Number())),
  since: Type.Optional(Nullable(IsoTime)),
});
export type ModelMetrics = Static<typeof ModelMetrics>;
export const CameraAgentMetrics = Type.Object({
  camera_id: Uuid,
  state: Type.Union([Type.Literal("created"), Type.Literal("running"), Type.Literal("stopped")]),
  frames_seen: Type.Integer(),
  /** Frames a second seen over the last 10 s. */
  frame_fps: Type.Number(),
  last_frame_at: Nullable(IsoTime),
});
export type CameraAgentMetrics = Static<typeof CameraAgentMetrics>;

export const CoreMetrics = Type.Object({
  uptime_seconds: Type.Number(),
  results_dropped: Type.Integer(),
  cameras: Type.Array(CameraAgentMetrics),
  subscriptions: Type.Array(SubscriptionMetrics),
  models: Type.Array(ModelMetrics),
});
export type CoreMetrics = Static<typeof CoreMetrics>;

export const AiHealth = Type.Object({
  core: Type.Object({
    health: HealthWord,
    reason: Nullable(Type.String()),
    connected: Type.Boolean(),
    last_report_at: Nullable(IsoTime),
    uptime_seconds: Nullable(Type.Number()),
    results_dropped: Nullable(Type.Integer()),
    since: Type.Optional(Nullable(IsoTime)),
  }),
  cameras: Type.Array(CameraAgentMetrics),
  subscriptions: Type.Array(SubscriptionMetrics),
  models: Type.Array(ModelMetrics),
});
export type AiHealth = Static<typeof AiHealth>;
