/** What a case is. */
import type { Kit } from "./kit.ts";

/** The runtime does something that W2 does not allow; the message says what, with the observed values. */
export class Nonconformity extends Error {}

export type Case = {
  group: string;
  /** A sentence about what a runtime does. */
  name: string;
  /** @throws Nonconformity where the runtime does something else */
  run(kit: Kit): Promise<void>;
};

/** @throws Nonconformity with the text where the condition does not hold */
export function require(condition: boolean, text: string): asserts condition {
  if (!condition) throw new Nonconformity(text);
}
