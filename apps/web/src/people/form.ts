/** What the pages about people check before they ask VAS, and the words they use. */
import type { Camera, Grant, Role, UserCreate, UserPatch } from "@vas/contracts/http.ts";

export const ROLES: readonly { role: Role; name: string; words: string }[] = [
  { role: "viewer", name: "Viewer", words: "sees cameras live and recorded, with their events, and changes nothing." },
  {
    role: "operator",
    name: "Operator",
    words: "also starts and stops cameras, keeps snapshots and clips, and assigns models.",
  },
  {
    role: "administrator",
    name: "Administrator",
    words: "may do everything, with every camera, its settings and people.",
  },
];
export const MIN_PASSWORD = 8;
const NAME = /^[a-z0-9][a-z0-9._@-]*$/i;
/** Without letters and digits that look alike. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";

export type GrantForm = { role: Role; allCameras: boolean; cameraIds: string[] };
export type PersonForm = GrantForm & { username: string; password: string };
export type PersonErrors = { username?: string; password?: string };

export function roleName(role: Role): string {
  return ROLES.find((one) => one.role === role)?.name ?? role;
}

/** @param isNew an existing person keeps the password where the field is empty */
export function personErrors(form: PersonForm, isNew: boolean): PersonErrors {
  const errors: PersonErrors = {};
  const username = form.username.trim();
  if (username === "") errors.username = "Give the person a name.";
  else if (!NAME.test(username) || username.length > 64)
    errors.username = "Use letters, digits and . _ @ -, without spaces.";
  const password = passwordError(form.password);
  if (password && (isNew || form.password !== "")) errors.password = password;
  return errors;
}

/** undefined where it is long enough; counted as VAS counts, in characters and not in UTF-16 units. */
export function passwordError(password: string): string | undefined {
  return Array.from(password).length < MIN_PASSWORD ? `Use ${MIN_PASSWORD} characters or more.` : undefined;
}

export function newPerson(form: PersonForm): UserCreate {
  return { username: form.username.trim(), password: form.password, role: form.role, ...grantOf(form) };
}

export function changedPerson(form: PersonForm): UserPatch {
  return { role: form.role, ...grantOf(form), ...(form.password === "" ? {} : { password: form.password }) };
}

/** What is granted. An administrator is granted nothing, and so keeps nothing when the role changes. */
export function grantOf(form: GrantForm): Grant {
  if (form.role === "administrator") return { all_cameras: false, camera_ids: [] };
  return { all_cameras: form.allCameras, camera_ids: form.allCameras ? [] : form.cameraIds };
}

/** `every camera`, `Door, Yard`, `no camera yet`. */
export function grantWords(grant: Grant, cameras: readonly Pick<Camera, "id" | "name">[]): string {
  if (grant.all_cameras) return "every camera";
  const names = cameras.filter(({ id }) => grant.camera_ids.includes(id)).map(({ name }) => name);
  return names.length === 0 ? "no camera yet" : names.join(", ");
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
  if (browser) return system ? `${browser} on ${system}` : browser;
  return agent === "" ? "Unknown program" : (agent.split(/[ /(]/)[0] ?? agent).slice(0, 40);
}
