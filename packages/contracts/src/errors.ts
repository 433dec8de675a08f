/**
 * The registered error codes. `docs/ref/errors.md` gives each its cause and cure; tools/errors.test.ts keeps the two
 * equal. `status` is the HTTP status that the one place which answers (apps/vas/src/backend/errors.ts) uses.
 */
import { type Static, Type } from "typebox";

export const ERROR_CODES = {
  bad_request: { status: 400, message: "The request is not valid." },
  not_logged_in: { status: 401, message: "Log in first." },
  login_failed: { status: 401, message: "The name or the password is wrong." },
  login_delayed: { status: 429, message: "Too many failed logins; wait before the next try." },
  origin_refused: { status: 403, message: "This request came from another site." },
  forbidden: { status: 403, message: "You may not do this." },
  password_wrong: { status: 403, message: "The old password is wrong." },
  user_not_found: { status: 404, message: "There is no such user." },
  username_taken: { status: 409, message: "There is a user of this name already." },
  last_administrator: { status: 409, message: "The site would be left without an administrator." },
  session_not_found: { status: 404, message: "There is no such session." },
  api_key_not_found: { status: 404, message: "There is no such API key." },
  not_found: { status: 404, message: "There is nothing here." },
  camera_not_found: { status: 404, message: "There is no such camera." },
  camera_stopped: { status: 409, message: "The camera is stopped." },
  camera_not_live: { status: 409, message: "The camera has no picture at the moment." },
  group_not_found: { status: 404, message: "There is no such group." },
  group_limit: { status: 409, message: "No more groups fit on this site." },
  camera_address_refused: { status: 400, message: "This camera address is not allowed." },
  camera_limit: { status: 409, message: "No more cameras fit on this site." },
  probe_refused: { status: 422, message: "The camera refused the connection." },
  probe_timed_out: { status: 422, message: "The camera did not answer in time." },
  probe_unauthorized: { status: 422, message: "The camera asks for another name or password (401)." },
  probe_stream_not_found: { status: 422, message: "The camera has no stream at this path (404)." },
  probe_unresolved: { status: 422, message: "The camera's host name is not known." },
  probe_unsupported: { status: 422, message: "The camera sends a format that is not supported." },
  probe_failed: { status: 422, message: "The stream could not be read." },
  range_invalid: { status: 400, message: "The time range is not valid." },
  not_recorded: { status: 404, message: "Nothing is recorded at that time." },
  segment_not_found: { status: 404, message: "There is no such segment." },
  snapshot_not_found: { status: 404, message: "There is no such snapshot." },
  snapshot_failed: { status: 500, message: "The picture could not be made." },
  clip_not_found: { status: 404, message: "There is no such clip." },
  clip_too_long: { status: 400, message: "The clip is too long." },
  clip_failed: { status: 500, message: "The clip could not be made." },
  export_not_found: { status: 404, message: "There is no such export." },
  export_not_ready: { status: 409, message: "The export is not finished." },
  export_limit: { status: 429, message: "Too many exports are waiting." },
  export_failed: { status: 500, message: "The export could not be made." },
  event_not_found: { status: 404, message: "There is no such event." },
  model_not_found: { status: 404, message: "There is no such model." },
  model_invalid: { status: 409, message: "The model's folder is not valid." },
  model_disabled: { status: 409, message: "The model is disabled." },
  model_exists: { status: 409, message: "There is a model of this id already." },
  model_not_removable: { status: 409, message: "The model was not added from the web." },
  model_draft_not_found: { status: 404, message: "There is no such draft of a model." },
  model_draft_limit: { status: 429, message: "Too many drafts of models are open." },
  model_file_refused: { status: 400, message: "This file is none of a model's." },
  model_folder_unwritable: { status: 409, message: "Models cannot be added on this site." },
  model_examination_failed: { status: 422, message: "The doctor could not look at these files." },
  assignment_not_found: { status: 404, message: "There is no such assignment." },
  parameters_invalid: { status: 400, message: "The parameters do not fit the model's config_schema." },
  zones_invalid: { status: 400, message: "The zones cannot be used." },
  core_unavailable: { status: 503, message: "Ruth Core does not answer at the moment." },
  cursor_invalid: { status: 400, message: "The cursor is not valid." },
  transport_not_found: { status: 404, message: "There is no such transport." },
  consumer_not_found: { status: 404, message: "There is no such consumer." },
  codec_unsupported: { status: 409, message: "This browser cannot play H.264." },
  viewer_limit: { status: 429, message: "Too many streams are open in this browser." },
  media_unavailable: { status: 503, message: "The media worker is being replaced." },
  store_unavailable: { status: 503, message: "The store does not answer." },
  payload_too_large: { status: 413, message: "The request is too large." },
  internal: { status: 500, message: "Something broke inside VAS; the log has the request id." },
} as const satisfies Record<string, { status: number; message: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The body of every error reply. */
export const ErrorBody = Type.Object({
  error: Type.Object({ code: Type.String(), message: Type.String(), details: Type.Optional(Type.Unknown()) }),
  request_id: Type.String(),
});
export type ErrorBody = Static<typeof ErrorBody>;

/** An error with a registered code, thrown in the control plane and answered in one place. */
export class CodedError extends Error {
  readonly code: ErrorCode;
  readonly details: unknown;

  /** @param message one sentence with the observed values; the code's own message where it is absent */
  constructor(code: ErrorCode, message?: string, details?: unknown) {
    super(message ?? ERROR_CODES[code].message);
    this.name = "CodedError";
    this.code = code;
    this.details = details;
  }
}
