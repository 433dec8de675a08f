/** Schema changes, in order; each runs once, in a transaction. Statements are plain SQL that SQLite and PostgreSQL both take. */

/** `{serial}` is the dialect's growing integer primary key, `{int}` its 64-bit integer, `{real}` its double, `{bytes}` its octets. */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    "CREATE TABLE site (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE users (id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL, role TEXT NOT NULL, created_at {int} NOT NULL)",
    "CREATE TABLE sessions (token_hash TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, created_at {int} NOT NULL, expires_at {int} NOT NULL)",
    "CREATE TABLE cameras (id TEXT PRIMARY KEY, name TEXT NOT NULL, rtsp_url TEXT NOT NULL, username TEXT, password_sealed TEXT, record {int} NOT NULL, retention_days {real}, started {int} NOT NULL, created_at {int} NOT NULL, updated_at {int} NOT NULL)",
    "CREATE TABLE segments (id TEXT PRIMARY KEY, camera_id TEXT NOT NULL, run_id TEXT NOT NULL, path TEXT NOT NULL, start_wall_ms {int} NOT NULL, end_wall_ms {int} NOT NULL, start_pts90k {int} NOT NULL, end_pts90k {int} NOT NULL, size_bytes {int} NOT NULL, init_bytes {int} NOT NULL, codec TEXT NOT NULL, width {int} NOT NULL, height {int} NOT NULL, open {int} NOT NULL)",
    "CREATE INDEX segments_by_time ON segments (camera_id, start_wall_ms)",
    "CREATE INDEX segments_by_pts ON segments (camera_id, start_pts90k)",
    "CREATE INDEX segments_by_age ON segments (start_wall_ms)",
    "CREATE INDEX segments_open ON segments (open) WHERE open = 1",
    "CREATE TABLE gaps (id TEXT PRIMARY KEY, camera_id TEXT NOT NULL, start_wall_ms {int} NOT NULL, end_wall_ms {int}, reason TEXT NOT NULL, message TEXT NOT NULL)",
    "CREATE INDEX gaps_by_time ON gaps (camera_id, start_wall_ms)",
    "CREATE TABLE snapshots (id TEXT PRIMARY KEY, camera_id TEXT NOT NULL, event_id TEXT, wall_ms {int} NOT NULL, pts90k {int} NOT NULL, width {int} NOT NULL, height {int} NOT NULL, size_bytes {int} NOT NULL, path TEXT NOT NULL, created_at {int} NOT NULL)",
    "CREATE INDEX snapshots_by_camera ON snapshots (camera_id, created_at)",
    "CREATE INDEX snapshots_by_event ON snapshots (event_id) WHERE event_id IS NOT NULL",
    "CREATE TABLE clips (id TEXT PRIMARY KEY, camera_id TEXT NOT NULL, event_id TEXT, label TEXT, start_wall_ms {int} NOT NULL, end_wall_ms {int} NOT NULL, size_bytes {int} NOT NULL, path TEXT NOT NULL, thumbnail_path TEXT NOT NULL, created_at {int} NOT NULL)",
    "CREATE INDEX clips_by_camera ON clips (camera_id, created_at)",
    "CREATE INDEX clips_by_event ON clips (event_id) WHERE event_id IS NOT NULL",
    "CREATE TABLE ai_events (seq {serial}, id TEXT NOT NULL UNIQUE, camera_id TEXT NOT NULL, model_id TEXT NOT NULL, timestamp_ms {int} NOT NULL, frame_id {int} NOT NULL, pts90k {int} NOT NULL, label TEXT NOT NULL, detections TEXT NOT NULL, confidence {real} NOT NULL, event_metadata TEXT NOT NULL, created_at {int} NOT NULL)",
    "CREATE INDEX ai_events_by_time ON ai_events (timestamp_ms, seq)",
    "CREATE INDEX ai_events_by_camera ON ai_events (camera_id, timestamp_ms, seq)",
    "CREATE INDEX ai_events_by_model ON ai_events (model_id, timestamp_ms, seq)",
    "CREATE INDEX ai_events_by_label ON ai_events (label, timestamp_ms, seq)",
    "CREATE TABLE ai_event_closings (event_id TEXT PRIMARY KEY, ended_at_ms {int} NOT NULL, frames {int} NOT NULL, best_confidence {real} NOT NULL, best_frame_id {int} NOT NULL, created_at {int} NOT NULL)",
    "CREATE TABLE ai_models (model_id TEXT PRIMARY KEY, discovered TEXT NOT NULL, enabled {int} NOT NULL, updated_at {int} NOT NULL)",
    "CREATE TABLE ai_model_assignments (camera_id TEXT NOT NULL, model_id TEXT NOT NULL, enabled {int} NOT NULL, desired_fps {real} NOT NULL, priority {int} NOT NULL, parameters TEXT NOT NULL, created_at {int} NOT NULL, updated_at {int} NOT NULL, PRIMARY KEY (camera_id, model_id))",
  ],
];
