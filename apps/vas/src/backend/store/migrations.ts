/** Schema changes, in order; each runs once, in a transaction. Statements are plain SQL that SQLite and PostgreSQL both take. */

/**
 * `{serial}` is the dialect's growing integer primary key, `{int}` its 64-bit integer, `{real}` its double, `{bytes}` its octets.
 * A statement that begins with `{postgres}` is for PostgreSQL alone.
 */
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
  [
    "ALTER TABLE users ADD COLUMN all_cameras {int} NOT NULL DEFAULT 0",
    "CREATE TABLE user_cameras (user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, camera_id TEXT NOT NULL REFERENCES cameras (id) ON DELETE CASCADE, PRIMARY KEY (user_id, camera_id))",
    "CREATE INDEX user_cameras_by_camera ON user_cameras (camera_id)",
    "ALTER TABLE sessions ADD COLUMN last_used_at {int} NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX sessions_by_user ON sessions (user_id)",
    "CREATE TABLE api_keys (id TEXT PRIMARY KEY, name TEXT NOT NULL, key_hash TEXT NOT NULL UNIQUE, role TEXT NOT NULL, all_cameras {int} NOT NULL, created_by TEXT NOT NULL, created_at {int} NOT NULL, last_used_at {int})",
    "CREATE TABLE api_key_cameras (key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE, camera_id TEXT NOT NULL REFERENCES cameras (id) ON DELETE CASCADE, PRIMARY KEY (key_id, camera_id))",
    "CREATE INDEX api_key_cameras_by_camera ON api_key_cameras (camera_id)",
  ],
  [
    "CREATE TABLE exports (id TEXT PRIMARY KEY, camera_id TEXT NOT NULL, from_ms {int} NOT NULL, to_ms {int} NOT NULL, boxes {int} NOT NULL, models TEXT, state TEXT NOT NULL, error TEXT, start_pts90k {int}, end_pts90k {int}, size_bytes {int}, path TEXT NOT NULL, created_at {int} NOT NULL, finished_at {int})",
    "CREATE INDEX exports_by_camera ON exports (camera_id, created_at)",
  ],
  // What a filter looks at beside the order is in the index too, so that rows are read only where they are shown.
  [
    "DROP INDEX ai_events_by_time",
    "DROP INDEX ai_events_by_camera",
    "DROP INDEX ai_events_by_model",
    "DROP INDEX ai_events_by_label",
    "CREATE INDEX ai_events_by_time ON ai_events (timestamp_ms, seq, confidence)",
    "CREATE INDEX ai_events_by_camera ON ai_events (camera_id, timestamp_ms, seq, confidence)",
    "CREATE INDEX ai_events_by_model ON ai_events (model_id, timestamp_ms, seq, confidence)",
    "CREATE INDEX ai_events_by_label ON ai_events (label, timestamp_ms, seq, confidence)",
    "CREATE INDEX ai_events_by_camera_model ON ai_events (camera_id, model_id, timestamp_ms, seq, confidence, label)",
    "CREATE INDEX ai_events_by_camera_label ON ai_events (camera_id, label, timestamp_ms, seq, confidence, model_id)",
    "CREATE INDEX ai_events_by_model_label ON ai_events (model_id, label, timestamp_ms, seq, confidence)",
    "CREATE INDEX ai_events_by_confidence ON ai_events (confidence, timestamp_ms, seq, camera_id, model_id, label)",
  ],
  ["ALTER TABLE ai_model_assignments ADD COLUMN clip {int} NOT NULL DEFAULT 0"],
  [
    "ALTER TABLE cameras ADD COLUMN export_frames {int} NOT NULL DEFAULT 1",
    "ALTER TABLE cameras ADD COLUMN export_max_fps {real}",
    "ALTER TABLE cameras ADD COLUMN export_height {int}",
  ],
  [
    "CREATE TABLE camera_groups (id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at {int} NOT NULL, updated_at {int} NOT NULL)",
    "CREATE TABLE camera_group_cameras (group_id TEXT NOT NULL REFERENCES camera_groups (id) ON DELETE CASCADE, camera_id TEXT NOT NULL REFERENCES cameras (id) ON DELETE CASCADE, place {int} NOT NULL, PRIMARY KEY (group_id, camera_id))",
    "CREATE INDEX camera_group_cameras_by_camera ON camera_group_cameras (camera_id)",
  ],
  [
    "CREATE TABLE ai_event_reviews (event_seq {int} PRIMARY KEY, camera_id TEXT NOT NULL, reviewed_by TEXT NOT NULL, reviewed_at {int} NOT NULL)",
    "CREATE INDEX ai_event_reviews_by_camera ON ai_event_reviews (camera_id)",
  ],
  [
    "ALTER TABLE ai_model_assignments ADD COLUMN zones TEXT NOT NULL DEFAULT '[]'",
    "CREATE TABLE audit (seq {serial}, at_ms {int} NOT NULL, actor_kind TEXT NOT NULL, actor_id TEXT NOT NULL, actor_name TEXT NOT NULL, address TEXT NOT NULL, session TEXT, action TEXT NOT NULL, object_id TEXT, object_name TEXT, camera_id TEXT, details TEXT NOT NULL)",
    "CREATE INDEX audit_by_actor ON audit (actor_name, seq)",
    "CREATE INDEX audit_by_action ON audit (action, seq)",
    "CREATE INDEX audit_by_camera ON audit (camera_id, seq)",
  ],
  ["ALTER TABLE api_keys ADD COLUMN expires_at {int}"],
  // A year of a camera is summed up along these alone; lists of all cameras go along the last three.
  [
    "DROP INDEX segments_by_time",
    "CREATE INDEX segments_by_time ON segments (camera_id, start_wall_ms, end_wall_ms)",
    "DROP INDEX ai_events_by_camera",
    "CREATE INDEX ai_events_by_camera ON ai_events (camera_id, timestamp_ms, seq, confidence, label)",
    "ALTER TABLE snapshots ADD COLUMN label TEXT",
    "ALTER TABLE exports ADD COLUMN label TEXT",
    "CREATE INDEX snapshots_by_age ON snapshots (created_at, id)",
    "CREATE INDEX clips_by_age ON clips (created_at, id)",
    "CREATE INDEX exports_by_age ON exports (created_at, id)",
  ],
  [
    "ALTER TABLE cameras ADD COLUMN source TEXT NOT NULL DEFAULT 'rtsp'",
    "ALTER TABLE cameras ADD COLUMN sub_rtsp_url TEXT",
    "ALTER TABLE cameras ADD COLUMN sub_username TEXT",
    "ALTER TABLE cameras ADD COLUMN sub_password_sealed TEXT",
    "ALTER TABLE cameras ADD COLUMN export_stream TEXT NOT NULL DEFAULT 'main'",
    "ALTER TABLE ai_events ADD COLUMN stream TEXT NOT NULL DEFAULT 'main'",
  ],
  // An index is read without its rows only where a vacuum has been. By default it waits until a fifth of the table is new,
  // two of ten million rows, each looked up in turn; now for so many, however large the table is (bench/results/events.md).
  [
    "{postgres}ALTER TABLE ai_events SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000)",
  ],
];
