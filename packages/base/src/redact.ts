/**
 * The one place that hides credentials. Everything that leaves a process as text for people or files (logs, error
 * messages, reasons, FFmpeg's stderr) passes through here.
 */

const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#'"]*@/gi;
const AUTHORIZATION = /\b(authorization|proxy-authorization|cookie|set-cookie)(["']?\s*[:=]\s*).*/gi;
const QUERY_SECRET = /([?&](?:password|passwd|pwd|pass|token|secret|key|auth)=)[^&\s'"]*/gi;

const known = new Set<string>();

/** Makes a secret known for as long as the process lives, so that it is hidden wherever it turns up, in any spelling. */
export function hideSecret(secret: string): void {
  if (secret.length < 3) return;
  known.add(secret);
  known.add(encodeURIComponent(secret));
  known.add(JSON.stringify(secret).slice(1, -1));
}

/** Replaces credentials by `***`. */
export function redact(text: string): string {
  let out = text;
  for (const secret of known) if (out.includes(secret)) out = out.replaceAll(secret, "***");
  return out.replace(URL_CREDENTIALS, "$1***@").replace(AUTHORIZATION, "$1$2***").replace(QUERY_SECRET, "$1***");
}
