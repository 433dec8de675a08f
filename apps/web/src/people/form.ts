/** What the pages about people check before they ask VAS, and how they say what VAS answers. */
import type { ApiKey, Camera, Grant, Role, UserCreate, UserPatch } from "@vas/contracts/http.ts";
import { peopleText } from "../strings/people.ts";
import { shortTime } from "../ui/format.ts";

export const ROLES: readonly Role[] = ["viewer", "operator", "administrator"];
export const MIN_PASSWORD = 8;
const NAME = /^[a-z0-9][a-z0-9._@-]*$/i;
/** Without letters and digits that look alike. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";

export type GrantForm = { role: Role; allCameras: boolean; cameraIds: string[] };
export type PersonForm = GrantForm & { username: string; password: string };
export type PersonErrors = { username?: string; password?: string };

export function roleName(role: Role): string {
  return peopleText.roles[role].name;
}

/** @param isNew an existing person keeps the password where the field is empty */
export function personErrors(form: PersonForm, isNew: boolean): PersonErrors {
  const errors: PersonErrors = {};
  const username = form.username.trim();
  if (username === "") errors.username = peopleText.nameMissing;
  else if (!NAME.test(username) || username.length > 64) errors.username = peopleText.nameForm;
  const password = passwordError(form.password);
  if (password && (isNew || form.password !== "")) errors.password = password;
  return errors;
}

/** undefined where it is long enough; counted as VAS counts, in characters and not in UTF-16 units. */
export function passwordError(password: string): string | undefined {
  return Array.from(password).length < MIN_PASSWORD ? peopleText.passwordShort(MIN_PASSWORD) : undefined;
}

export function newPerson(form: PersonForm): UserCreate {
  return { username: form.username.trim(), password: form.password, role: form.role, ...grantOf(form) };
}

/** @param username the name that the person has now */
export function changedPerson(form: PersonForm, username: string): UserPatch {
  const name = form.username.trim();
  return {
    ...(name.toLowerCase() === username ? {} : { username: name }),
    role: form.role,
    ...grantOf(form),
    ...(form.password === "" ? {} : { password: form.password }),
  };
}

/** What is granted. An administrator is granted nothing, and so keeps nothing when the role changes. */
export function grantOf(form: GrantForm): Grant {
  if (form.role === "administrator") return { all_cameras: false, camera_ids: [] };
  return { all_cameras: form.allCameras, camera_ids: form.allCameras ? [] : form.cameraIds };
}

/** `every camera`, `Door, Yard`, `no camera yet`. */
export function grantWords(grant: Grant, cameras: readonly Pick<Camera, "id" | "name">[]): string {
  if (grant.all_cameras) return peopleText.everyCamera;
  const names = cameras.filter(({ id }) => grant.camera_ids.includes(id)).map(({ name }) => name);
  return names.length === 0 ? peopleText.noCameraYet : names.join(", ");
}

/** Four groups of five letters, 99 bits. @param random fills with random bytes */
export function makePassword(random: (bytes: Uint8Array<ArrayBuffer>) => void): string {
  const letters: string[] = [];
  const bytes = new Uint8Array(64);
  while (letters.length < 20) {
    random(bytes);
    // Bytes above the last whole multiple would make the first letters likelier.
    for (const byte of bytes) if (byte < 248 && letters.length < 20) letters.push(LETTERS[byte % 31] as string);
  }
  return [0, 5, 10, 15].map((at) => letters.slice(at, at + 5).join("")).join("-");
}

const BROWSERS = [
  [/\bEdgA?\//, "Edge"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/Chrome\/|\bCriOS\//, "Chrome"],
  [/\bSafari\//, "Safari"],
] as const;
const SYSTEMS = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
] as const;

/** `Firefox on Linux`, or what a program calls itself. */
export function agentWords(agent: string): string {
  const browser = BROWSERS.find(([pattern]) => pattern.test(agent))?.[1];
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1];
  if (browser) return system ? peopleText.browserOn(browser, system) : browser;
  return agent === "" ? peopleText.unknownProgram : (agent.split(/[ /(]/)[0] ?? agent).slice(0, 40);
}

export type Lifetime = keyof typeof peopleText.lifetimes;
const LIFETIME_DAYS: Record<Lifetime, number | null> = { never: null, week: 7, month: 30, quarter: 90, year: 365 };
export const LIFETIMES = Object.keys(LIFETIME_DAYS) as Lifetime[];
const DAY_MS = 86_400_000;

/** When a key that is made now ends, as VAS wants it; nothing for one that lasts. */
export function endOf(lifetime: Lifetime, nowMs: number): { expires_at?: string } {
  const days = LIFETIME_DAYS[lifetime];
  return days === null ? {} : { expires_at: new Date(nowMs + days * DAY_MS).toISOString() };
}

export function hasEnded(key: Pick<ApiKey, "expires_at">, nowMs: number): boolean {
  return key.expires_at !== null && Date.parse(key.expires_at) <= nowMs;
}

/** `when it is revoked`, `2026-03-01 12:00`, `has ended, 12:00`. */
export function endWords(key: Pick<ApiKey, "expires_at">, now: Date): string {
  if (key.expires_at === null) return peopleText.untilRevoked;
  const when = shortTime(key.expires_at, now);
  return hasEnded(key, now.getTime()) ? peopleText.endedAt(when) : when;
}
