/** Numbers and times as people read them, in the browser's time zone. */

const pad = (value: number, width = 2): string => String(value).padStart(width, "0");

/** `10:32` of today, else with the date. */
export function shortTime(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
  return localDay(at) === localDay(now) ? time : `${localDay(at)} ${time}`;
}

/** `10:32:05` */
export function clockTime(at: Date): string {
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

/** `2026-01-02 10:32:05` */
export function fullTime(at: Date | string): string {
  const date = typeof at === "string" ? new Date(at) : at;
  return `${localDay(date)} ${clockTime(date)}`;
}

/** `2026-01-02` of the browser's time zone. */
export function localDay(at: Date): string {
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
}

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = size;
  let unit = -1;
  do {
    value /= 1000;
    unit += 1;
  } while (value >= 1000 && unit < units.length - 1);
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `5 s`, `3 min`, `2 h 5 min`, `4 days`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

/** `12 s ago`, or `never`. */
export function ago(iso: string | null, now = Date.now()): string {
  return iso === null ? "never" : `${duration((now - Date.parse(iso)) / 1000)} ago`;
}

export function percent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}

/** At most one digit after the point; a dash where nothing was measured. */
export function rate(value: number | null, unit = ""): string {
  if (value === null) return "-";
  return `${Math.round(value * 10) / 10}${unit === "" ? "" : ` ${unit}`}`;
}
