/**
 * Tables. Times are Unix milliseconds (INTEGER), ids UUID text, JSON is text. The same statements serve SQLite and
 * PostgreSQL; `migrations.ts` makes what is described here.
 */
import type { CameraOrigin, StreamRole } from "@vas/contracts/http.ts";
import type { Generated } from "kysely";

export type Tables = {
  site: { key: string; value: string };
  users: {
    id: string;
    /** Lower case. */
    username: string;
    password_hash: string;
    role: string;
    /** 1: every camera, whatever user_cameras says. */
    all_cameras: Generated<number>;
    created_at: number;
  };
  user_cameras: { user_id: string; camera_id: string };
  sessions: {
    token_hash: string;
    user_id: string;
    created_at: number;
    expires_at: number;
    last_used_at: Generated<number>;
    address: Generated<string>;
    agent: Generated<string>;
  };
  api_keys: {
    id: string;
    name: string;
    key_hash: string;
    role: string;
    all_cameras: number;
    /** The name of the administrator who made it. */
    created_by: string;
    created_at: number;
    last_used_at: number | null;
    /** null where it does not expire. */
    expires_at: Generated<number | null>;
  };
  api_key_cameras: { key_id: string; camera_id: string };
  cameras: {
    id: string;
    name: string;
    source: Generated<CameraOrigin>;
    /** Without name and password; empty for a test camera. */
    rtsp_url: string;
    username: string | null;
    /** Encrypted with the key file of the data folder; null where there is none. */
    password_sealed: string | null;
    /** The sub stream's address; null where there is none. */
    sub_rtsp_url: string | null;
    /** Its own, where its address came with one. */
    sub_username: string | null;
    sub_password_sealed: string | null;
    record: number;
    retention_days: number | null;
    export_frames: Generated<number>;
    export_max_fps: number | null;
    export_height: number | null;
    export_stream: Generated<StreamRole>;
    started: number;
    created_at: number;
    updated_at: number;
  };
  camera_groups: { id: string; name: string; created_at: number; updated_at: number };
  /** `place` orders the cameras of a group. */
  camera_group_cameras: { group_id: string; camera_id: string; place: number };
  segments: {
    id: string;
    camera_id: string;
    run_id: string;
    path: string;
    start_wall_ms: number;
    end_wall_ms: number;
    start_pts90k: number;
    end_pts90k: number;
    size_bytes: number;
    init_bytes: number;
    codec: string;
    width: number;
    height: number;
    open: number;
  };
  gaps: {
    id: string;
    camera_id: string;
    start_wall_ms: number;
    end_wall_ms: number | null;
    reason: string;
    message: string;
  };
  snapshots: {
    id: string;
    camera_id: string;
    event_id: string | null;
    label: string | null;
    wall_ms: number;
    pts90k: number;
    width: number;
    height: number;
    size_bytes: number;
    path: string;
    created_at: number;
  };
  clips: {
    id: string;
    camera_id: string;
    event_id: string | null;
    label: string | null;
    start_wall_ms: number;
    end_wall_ms: number;
    size_bytes: number;
    path: string;
    thumbnail_path: string;
    created_at: number;
  };
  exports: {
    id: string;
    camera_id: string;
    from_ms: number;
    to_ms: number;
    boxes: number;
    label: string | null;
    /** A JSON array, or null for all. */
    models: string | null;
    state: "queued" | "running" | "done" | "failed";
    error: string | null;
    start_pts90k: number | null;
    end_pts90k: number | null;
    size_bytes: number | null;
    /** Below the media folder, without its ending: `.mp4`, `.json` and `.vtt`. */
    path: string;
    created_at: number;
    finished_at: number | null;
  };
  /** Insert-only. */
  ai_events: {
    /** Orders the feed; grows by one per row. */
    seq: Generated<number>;
    id: string;
    camera_id: string;
    model_id: string;
    timestamp_ms: number;
    frame_id: number;
    pts90k: number;
    label: string;
    detections: string;
    confidence: number;
    event_metadata: string;
    /** Of which stream its frame was. */
    stream: Generated<StreamRole>;
    created_at: number;
  };
  /** Insert-only: at most one row per event. */
  ai_event_closings: {
    event_id: string;
    ended_at_ms: number;
    frames: number;
    best_confidence: number;
    best_frame_id: number;
    created_at: number;
  };
  /** What people have looked at: a row is made by a person and taken away by one; the event itself never changes. */
  ai_event_reviews: {
    event_seq: number;
    camera_id: string;
    /** The name of who did it. */
    reviewed_by: string;
    reviewed_at: number;
  };
  ai_models: {
    model_id: string;
    /** The DiscoveredModel that Core last reported, as JSON. */
    discovered: string;
    enabled: number;
    updated_at: number;
  };
  /** Insert-only, and cut at its old end: who did what. */
  audit: {
    seq: Generated<number>;
    at_ms: number;
    actor_kind: string;
    /** Empty where nobody was known. */
    actor_id: string;
    actor_name: string;
    /** Network address the request came from. */
    address: string;
    /** The session's public id; null for a key. */
    session: string | null;
    action: string;
    object_id: string | null;
    object_name: string | null;
    camera_id: string | null;
    /** A JSON object. */
    details: string;
  };
  ai_model_assignments: {
    camera_id: string;
    model_id: string;
    enabled: number;
    desired_fps: number;
    priority: number;
    parameters: string;
    /** Whether each event gets a clip. */
    clip: Generated<number>;
    /** A JSON array of zones. */
    zones: Generated<string>;
    created_at: number;
    updated_at: number;
  };
};
