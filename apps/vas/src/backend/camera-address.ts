/** A camera's address as a person typed it: checked, and freed of its name and password. */
import { CodedError } from "@vas/contracts/errors.ts";

export type CameraAddress = {
  /** Without name and password. */
  url: string;
  /** Host and port; a stored password is kept for as long as this stays. */
  host: string;
  username: string | undefined;
  password: string | undefined;
};

const CONTROL_OR_SPACE = /[\s\p{Cc}]/u;
const CONTROL = /\p{Cc}/u;

/** @param field for the words; @throws CodedError bad_request naming the rule; the address itself, which may hold a password, is not repeated */
export function parseCameraAddress(text: string, field = "rtsp_url"): CameraAddress {
  if (CONTROL_OR_SPACE.test(text)) throw refused(field, "must not hold spaces or control characters");
  if (!/^rtsps?:\/\//i.test(text)) throw refused(field, "must begin with rtsp:// or rtsps://");
  if (text.includes("#")) throw refused(field, "must not hold #; write %23 in a password");
  if (!URL.canParse(text))
    throw refused(field, "is not a valid URL; percent-encode special characters of the password");
  const url = new URL(text);
  if (url.hostname === "") throw refused(field, "must name a host");
  const username = decode(field, url.username);
  const password = decode(field, url.password);
  url.username = "";
  url.password = "";
  return {
    url: url.href,
    host: url.host.toLowerCase(),
    username: username || undefined,
    password: password || undefined,
  };
}

/** @throws CodedError bad_request where a name or password could break out of a protocol's line */
export function checkCredential(field: "username" | "password", value: string | null | undefined): void {
  if (value && CONTROL.test(value)) throw new CodedError("bad_request", `/${field}: must not hold control characters`);
}

function decode(field: string, part: string): string {
  let text: string;
  try {
    text = decodeURIComponent(part);
  } catch {
    throw refused(field, "has a name or password with a broken percent-encoding");
  }
  if (text.length > 256) throw refused(field, "has a name or password of more than 256 characters");
  if (CONTROL.test(text)) throw refused(field, "has a name or password with control characters");
  return text;
}

function refused(field: string, rule: string): CodedError {
  return new CodedError("bad_request", `/${field}: ${rule}`);
}
