/** The registry of models: what Core found, and whether a person wants it used. */
import type { DiscoveredModel } from "@vas/contracts/http.ts";
import type { Database } from "./database.ts";

/** Models that this site has ever seen; a Core that invents more is refused. */
export const MAX_MODELS = 2000;

export type StoredModel = { discovered: DiscoveredModel; enabled: boolean; updatedWallMs: number };

/**
 * Keeps what Core found. A model seen for the first time is enabled; one that is known keeps what a person chose. A row
 * that would not change is not written, so that `updated_at` means something.
 *
 * @returns false where the registry is full; then nothing was stored
 */
export async function storeModels(db: Database, found: DiscoveredModel[], nowWallMs: number): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const rows = await tx.selectFrom("ai_models").select(["model_id", "discovered"]).execute();
    const known = new Map(rows.map((row) => [row.model_id, row.discovered]));
    const changed = [...uniqueModels(found).values()]
      .map((model) => ({ model_id: model.model_id, discovered: JSON.stringify(model) }))
      .filter((row) => known.get(row.model_id) !== row.discovered);
    if (known.size + changed.filter((row) => !known.has(row.model_id)).length > MAX_MODELS) return false;
    if (changed.length === 0) return true;
    await tx
      .insertInto("ai_models")
      .values(changed.map((row) => ({ ...row, enabled: 1, updated_at: nowWallMs })))
      .onConflict((conflict) =>
        conflict.column("model_id").doUpdateSet((eb) => ({
          discovered: eb.ref("excluded.discovered"),
          updated_at: eb.ref("excluded.updated_at"),
        })),
      )
      .execute();
    return true;
  });
}

export async function listModels(db: Database): Promise<StoredModel[]> {
  const rows = await db.selectFrom("ai_models").selectAll().orderBy("model_id").execute();
  return rows.map(storedModel);
}

/** Ids of everything that results may be about. */
export async function knownIds(db: Database): Promise<{ cameras: Set<string>; models: Set<string> }> {
  const cameras = await db.selectFrom("cameras").select("id").execute();
  const models = await db.selectFrom("ai_models").select("model_id").execute();
  return { cameras: new Set(cameras.map((row) => row.id)), models: new Set(models.map((row) => row.model_id)) };
}

export async function findModel(db: Database, modelId: string): Promise<StoredModel | undefined> {
  const row = await db.selectFrom("ai_models").selectAll().where("model_id", "=", modelId).executeTakeFirst();
  return row && storedModel(row);
}

/** @returns whether something changed */
export async function setModelEnabled(
  db: Database,
  modelId: string,
  enabled: boolean,
  nowWallMs: number,
): Promise<boolean> {
  const result = await db
    .updateTable("ai_models")
    .set({ enabled: Number(enabled), updated_at: nowWallMs })
    .where("model_id", "=", modelId)
    .where("enabled", "!=", Number(enabled))
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/**
 * Forgets a model that was removed: what it was wanted for ends. Its row stays where events carry its id, so that they keep
 * its name.
 */
export async function forgetModel(db: Database, modelId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.deleteFrom("ai_model_assignments").where("model_id", "=", modelId).execute();
    const event = await tx.selectFrom("ai_events").select("seq").where("model_id", "=", modelId).limit(1).execute();
    if (event.length === 0) await tx.deleteFrom("ai_models").where("model_id", "=", modelId).execute();
  });
}

/** Of two folders with the same id the valid one counts, else the first. */
function uniqueModels(found: DiscoveredModel[]): Map<string, DiscoveredModel> {
  const unique = new Map<string, DiscoveredModel>();
  for (const model of found) {
    const other = unique.get(model.model_id);
    if (other === undefined || (!other.valid && model.valid)) unique.set(model.model_id, model);
  }
  return unique;
}

function storedModel(row: { discovered: string; enabled: number; updated_at: number }): StoredModel {
  return {
    discovered: JSON.parse(row.discovered) as DiscoveredModel,
    enabled: row.enabled !== 0,
    updatedWallMs: row.updated_at,
  };
}
