/**
 * Growing waits after failed logins, per user name and per address, in bounded memory. An attempt counts as failed
 * from its beginning, so that many at once guess no faster than one after the other.
 */
import { isIPv6 } from "node:net";

const FREE_FAILURES = 4;
const FORGET_MS = 3_600_000;
const MAX_KEYS = 10_000;
/** A name is delayed less than an address: whoever knows only the name must not lock its owner out for long. */
const NAME_MAX_MS = 15_000;
const ADDRESS_MAX_MS = 300_000;

type Entry = { failures: number; lastMs: number };

export class LoginDelays {
  readonly #names = new Map<string, Entry>();
  readonly #addresses = new Map<string, Entry>();

  /** @returns milliseconds to wait before this name may be tried from this address; 0 where it was counted as a try */
  begin(name: string, address: string, nowMs: number): number {
    const network = networkOf(address);
    const wait = Math.max(
      waitMs(this.#names.get(name), NAME_MAX_MS, nowMs),
      waitMs(this.#addresses.get(network), ADDRESS_MAX_MS, nowMs),
    );
    if (wait > 0) return wait;
    count(this.#names, name, nowMs);
    count(this.#addresses, network, nowMs);
    return 0;
  }

  succeeded(name: string, address: string): void {
    this.#names.delete(name);
    this.#addresses.delete(networkOf(address));
  }

  get size(): number {
    return this.#names.size + this.#addresses.size;
  }
}

/** One IPv6 subscriber has 2^64 addresses or more: the first half of it counts as one. IPv4 in IPv6 is IPv4. */
function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [before = "", after] = (address.split("%")[0] ?? "").toLowerCase().split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? [] : Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0");
  const groups = [...head, ...zeros, ...tail].slice(0, 4);
  return groups.map((group) => group.replace(/^0+(?=.)/, "")).join(":");
}

function waitMs(entry: Entry | undefined, maxMs: number, nowMs: number): number {
  if (!entry || entry.failures < FREE_FAILURES) return 0;
  const delay = Math.min(maxMs, 1000 * 2 ** Math.min(20, entry.failures - FREE_FAILURES));
  return Math.max(0, entry.lastMs + delay - nowMs);
}

function count(entries: Map<string, Entry>, key: string, nowMs: number): void {
  const old = entries.get(key);
  const failures = old && nowMs - old.lastMs < FORGET_MS ? old.failures : 0;
  entries.delete(key); // set anew at the end: the map's order is the order of the last try
  entries.set(key, { failures: failures + 1, lastMs: nowMs });
  for (const oldest of entries.keys()) {
    if (entries.size <= MAX_KEYS) break;
    entries.delete(oldest);
  }
}
