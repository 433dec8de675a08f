/** Runs the cases one after the other against one runtime. */
import { type Case, Nonconformity } from "./case.ts";
import { CONNECTIONS } from "./cases/connections.ts";
import { FRAMES } from "./cases/frames.ts";
import { MALFORMED } from "./cases/malformed.ts";
import { GATE, SERVING } from "./cases/serving.ts";
import { Kit, type KitOptions } from "./kit.ts";

export const CASES: readonly Case[] = [GATE, ...SERVING, ...MALFORMED, ...FRAMES, ...CONNECTIONS];

/** `problem` is null where the case passed. */
export type Outcome = { group: string; name: string; problem: string | null };

export type Report = {
  outcomes: Outcome[];
  /** Cases that were not tried, because the runtime does not even answer a request. */
  untried: number;
  /** Milliseconds from request to reply of requests that had the runtime to themselves. */
  latencyMs: { p50: number; worst: number } | null;
};

/**
 * @param onOutcome told of each case as it ends
 * @param only cases to run beside the first one, without which nothing can be said; all where it is absent
 * @throws Error where the frames cannot be made in VAS_SHM_DIR
 */
export async function runConformance(
  options: KitOptions,
  onOutcome: (outcome: Outcome) => void,
  only: (one: Case) => boolean = () => true,
): Promise<Report> {
  using kit = new Kit(options);
  const outcomes: Outcome[] = [];
  const cases = CASES.filter((one) => one === GATE || only(one));
  for (const one of cases) {
    const problem = (await problemOf(() => one.run(kit))) ?? (await problemAfter(kit));
    const outcome = { group: one.group, name: one.name, problem };
    outcomes.push(outcome);
    onOutcome(outcome);
    if (one === GATE && problem !== null) break;
  }
  const sorted = kit.latencies.sort((a, b) => a - b);
  const latencyMs =
    sorted.length === 0 ? null : { p50: sorted[sorted.length >> 1] as number, worst: sorted.at(-1) as number };
  return { outcomes, untried: cases.length - outcomes.length, latencyMs };
}

/** After every case the runtime must still serve a caller that does everything right. */
async function problemAfter(kit: Kit): Promise<string | null> {
  const problem = await problemOf(async () => {
    await kit.serveAlone();
  });
  return problem === null ? null : `afterwards the runtime serves no other caller: ${problem}`;
}

async function problemOf(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (thrown) {
    if (thrown instanceof Nonconformity) return thrown.message;
    throw thrown;
  }
}
