/**
 * The doctor as VAS asks it: one question on standard input, one answer on standard output. It writes no file; what it is
 * given may be hostile, so whoever starts it bounds its memory and time.
 */
import { checker } from "@vas/contracts/schema.ts";
import { type DoctorAnswer, DoctorQuestion } from "@vas/contracts/model-drafts.ts";
import { examineDraft, Hopeless, tryDraft } from "./draft.ts";

const checkQuestion = checker(DoctorQuestion);

process.stdout.write(JSON.stringify(await answer()));

async function answer(): Promise<DoctorAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const question = checkQuestion(JSON.parse(Buffer.concat(chunks).toString()));
  if (!question.ok) throw new Error(`the question is not valid: ${question.message}`);
  const { ask, folder, settings } = question.value;
  try {
    return ask === "examine"
      ? { examination: await examineDraft(folder, settings) }
      : { trial: await tryDraft(question.value) };
  } catch (thrown) {
    if (thrown instanceof Hopeless) return { failed: thrown.problem };
    const message = (thrown as Error).message.replaceAll(folder, "").slice(0, 500);
    const remedy = "export the network again, or look at it with npm run model -- inspect";
    return { failed: { severity: "error", where: "the network", message, remedy } };
  }
}
