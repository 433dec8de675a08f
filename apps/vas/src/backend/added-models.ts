/**
 * Models that were added from the web, and their removal. What was added carries a mark, so that no folder which a person put
 * there by hand is ever deleted for somebody at a browser.
 */
import { lstat, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CodedError } from "@vas/contracts/errors.ts";

const MARK = ".added-from-web";
const YAML = "model.yaml";

/** @param folder of a model that is being added */
export async function markAdded(folder: string): Promise<void> {
  await writeFile(join(folder, MARK), "", { flag: "wx", mode: 0o644 });
}

/**
 * @param modelsDir VAS_MODELS_DIR
 * @param modelId as contracts' ModelId has it, so a name and never a path
 */
export async function wasAdded(modelsDir: string | undefined, modelId: string): Promise<boolean> {
  if (modelsDir === undefined) return false;
  try {
    // A link is not followed: what it leads to was not added here.
    if (!(await lstat(join(modelsDir, modelId))).isDirectory()) return false;
    return (await lstat(join(modelsDir, modelId, MARK))).isFile();
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return false;
    throw thrown;
  }
}

/**
 * Deletes the folder of an added model: its model.yaml first, so that Core finds a whole model or none, and its mark last, so
 * that a removal which was cut short can be asked for again.
 *
 * @throws CodedError model_not_removable, model_folder_unwritable
 */
export async function removeAdded(modelsDir: string | undefined, modelId: string): Promise<void> {
  if (modelsDir === undefined || !(await wasAdded(modelsDir, modelId)))
    throw new CodedError("model_not_removable", `The model ${modelId} was not added from the web.`);
  const folder = join(modelsDir, modelId);
  try {
    await rm(join(folder, YAML), { force: true });
    for (const name of await readdir(folder)) if (name !== MARK) await rm(join(folder, name), { recursive: true });
    await rm(folder, { recursive: true });
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    throw new CodedError("model_folder_unwritable", `VAS may not delete the folder of ${modelId} [${code}].`);
  }
}
