/** Where the files are that tests need and the repository does not carry. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join, resolve } from "node:path";

/** VAS_TEST_DATA, or shared/data beside the repository. */
function testDataDir(): string {
  return resolve(process.env.VAS_TEST_DATA ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url)));
}

/**
 * The path of one file of the test data.
 *
 * @throws Error that says what to do where the file is absent
 */
export function testData(name: string): string {
  const file = join(testDataDir(), name);
  if (!existsSync(file)) throw new Error(`this test needs ${file}; set VAS_TEST_DATA to the folder that has it`);
  return file;
}
