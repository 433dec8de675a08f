/**
 * Reads what should run from VAS: every page of the assignments, or nothing. A VAS that is down, slow or wrong leaves
 * what was read last as it is.
 */
import { errorText } from "@vas/base/log.ts";
import { type Assignment, AssignmentPage } from "@vas/contracts/http.ts";
import { checker } from "@vas/contracts/schema.ts";
import type { KeyAnswer } from "./service-key.ts";

const PAGE_LIMIT = 200;
const MAX_PAGES = 500;
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

const checkPage = checker(AssignmentPage);

/** All assignments, or why they could not be read. */
export type AssignmentsAnswer = { assignments: Assignment[] } | { problem: string };

/**
 * @param vasUrl without a trailing slash
 * @param deadlineMs for all pages together
 * @param signal gives up at once
 */
export async function readAssignments(
  vasUrl: string,
  key: () => Promise<KeyAnswer>,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<AssignmentsAnswer> {
  const answer = await key();
  if ("problem" in answer) return answer;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  const assignments: Assignment[] = [];
  let cursor: string | null = null;
  try {
    for (let page = 0; page < MAX_PAGES; page++) {
      const url = new URL(`${vasUrl}/api/v1/ai-model-assignments`);
      url.searchParams.set("limit", String(PAGE_LIMIT));
      if (cursor !== null) url.searchParams.set("cursor", cursor);
      const response = await fetch(url, {
        headers: { authorization: `Bearer ${answer.key}`, accept: "application/json" },
        redirect: "error",
        signal: deadline,
      });
      if (response.status !== 200) {
        await response.body?.cancel();
        return { problem: `VAS answered ${response.status} to the question for assignments` };
      }
      const checked = checkPage(JSON.parse(await boundedText(response)));
      if (!checked.ok) return { problem: `VAS answered with something else than assignments: ${checked.message}` };
      for (const assignment of checked.value.items) assignments.push(assignment);
      const next: string | null = checked.value.next_cursor;
      if (next === null) return { assignments };
      if (next === cursor) return { problem: "VAS gave the same page of assignments twice" };
      cursor = next;
    }
    return { problem: `VAS has more pages of assignments than are read [max:${MAX_PAGES}]` };
  } catch (thrown) {
    const cause = (thrown as Error).cause;
    return { problem: `VAS could not be asked for assignments: ${errorText(cause ?? thrown)}` };
  }
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_PAGE_BYTES) throw new Error(`the page is too long [max:${MAX_PAGE_BYTES}]`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
