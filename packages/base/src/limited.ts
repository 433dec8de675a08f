/** Work on a pattern or schema of somebody else's, which may backtrack for hours, under a time limit. */
import { createContext, Script } from "node:vm";

const context = createContext({ work: (): unknown => null });
const script = new Script("work()");
const TIMED_OUT = "ERR_SCRIPT_EXECUTION_TIMEOUT";

/**
 * Runs to the end within the limit, or throws. Only a script of node:vm can be cut short, so the work is called by one.
 *
 * @throws whatever the work throws; an error for which `isTimeout` is true where it took too long
 */
export function limited<T>(limitMs: number, work: () => T): T {
  context.work = work;
  return script.runInContext(context, { timeout: limitMs }) as T;
}

export function isTimeout(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException | undefined)?.code === TIMED_OUT;
}
