/**
 * The only reader of the environment. An unknown RUTH_ variable or an invalid value stops the start with exit code 3.
 *
 * | variable | default | meaning |
 * | --- | --- | --- |
 * | VAS_URL | http://127.0.0.1:8080 | where VAS answers |
 * | VAS_SERVICE_KEY, VAS_SERVICE_KEY_FILE | ./data/service-key | the key itself, or the file that holds it |
 * | VAS_SHM_DIR | /dev/shm/vas | where VAS exports frames |
 * | RUTH_MODELS_DIR | runtimes | model folders' parents, separated by ":" |
 * | RUTH_SOCKET_DIR | /tmp | where runtimes listen and write heartbeats, each there or in the folder of its model's name |
 * | RECONCILIATION_INTERVAL_SECONDS | 5 | between two looks at the assignments |
 * | RUTH_EVENT_GAP_SECONDS | 5 | a label not seen for so long is a new event |
 * | RUTH_REPLY_TIMEOUT_MS | 1000 | a reply that takes longer is a timeout |
 * | RUTH_EXIT_WITH_STDIN | 0 | 1: exit when stdin closes, for a parent that may die |
 */
import { resolve } from "node:path";

export const EXIT_INVALID_ENVIRONMENT = 3;

export type Config = {
  /** Without a trailing slash. */
  vasUrl: string;
  serviceKey: string | null;
  serviceKeyFile: string;
  shmDir: string;
  modelsDirs: string[];
  socketDir: string;
  reconcileIntervalMs: number;
  eventGapMs: number;
  replyTimeoutMs: number;
  exitWithStdin: boolean;
};

const KNOWN_RUTH = new Set([
  "RUTH_MODELS_DIR",
  "RUTH_SOCKET_DIR",
  "RUTH_EVENT_GAP_SECONDS",
  "RUTH_REPLY_TIMEOUT_MS",
  "RUTH_EXIT_WITH_STDIN",
]);

/**
 * @param env the environment; an empty value counts as absent
 * @returns the configuration, or one sentence that names the variable and what is wrong with it
 */
export function readConfig(env: Record<string, string | undefined> = process.env): Config | string {
  const unknown = Object.keys(env)
    .filter((name) => name.startsWith("RUTH_") && !KNOWN_RUTH.has(name))
    .sort()[0];
  if (unknown !== undefined) return `${unknown} is not a known variable [known:${[...KNOWN_RUTH].join(", ")}]`;
  const text = (name: string, fallback: string) => env[name] || fallback;
  const wrong: string[] = [];
  const number = (name: string, fallback: number, min: number, max: number): number => {
    const raw = text(name, String(fallback));
    const value = /^\d+(\.\d+)?$/.test(raw) ? Number(raw) : Number.NaN;
    if (!(value >= min && value <= max)) wrong.push(`${name} must be a number from ${min} to ${max} [found:${raw}]`);
    return value;
  };

  const rawUrl = text("VAS_URL", "http://127.0.0.1:8080");
  const url = URL.canParse(rawUrl) ? new URL(rawUrl) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "" || url.hash !== "")
    wrong.push("VAS_URL must be an http or https address without a name, password or query");
  const modelsDirs = text("RUTH_MODELS_DIR", "runtimes").split(":");
  if (modelsDirs.includes("")) wrong.push(`RUTH_MODELS_DIR has an empty folder name [found:${modelsDirs.join(":")}]`);
  const stdin = text("RUTH_EXIT_WITH_STDIN", "0");
  if (stdin !== "0" && stdin !== "1") wrong.push(`RUTH_EXIT_WITH_STDIN must be 0 or 1 [found:${stdin}]`);
  const serviceKey = env.VAS_SERVICE_KEY?.trim() || null;
  // A header cannot carry anything else; the value itself must never be repeated in a message.
  if (serviceKey !== null && !/^[\x21-\x7e]+$/.test(serviceKey))
    wrong.push("VAS_SERVICE_KEY must be printable ASCII without spaces");

  const config: Config = {
    vasUrl: (url?.href ?? "").replace(/\/+$/, ""),
    serviceKey,
    serviceKeyFile: resolve(text("VAS_SERVICE_KEY_FILE", "./data/service-key")),
    shmDir: resolve(text("VAS_SHM_DIR", "/dev/shm/vas")),
    modelsDirs: modelsDirs.map((dir) => resolve(dir)),
    socketDir: resolve(text("RUTH_SOCKET_DIR", "/tmp")),
    reconcileIntervalMs: number("RECONCILIATION_INTERVAL_SECONDS", 5, 0.1, 3600) * 1000,
    eventGapMs: number("RUTH_EVENT_GAP_SECONDS", 5, 0.1, 86_400) * 1000,
    replyTimeoutMs: number("RUTH_REPLY_TIMEOUT_MS", 1000, 1, 600_000),
    exitWithStdin: stdin === "1",
  };
  return wrong[0] ?? config;
}
