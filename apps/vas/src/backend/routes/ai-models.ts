/** `/api/v1/ai-models`: what Core found in its model folders, and the switch a person has over each. */
import { CodedError } from "@vas/contracts/errors.ts";
import { AiModel, AiModelList, AiModelPatch } from "@vas/contracts/http.ts";
import { ModelId } from "@vas/contracts/schema.ts";
import { Type } from "typebox";
import { removeAdded, wasAdded } from "../added-models.ts";
import type { App, Backend } from "../context.ts";
import { isoTime } from "../validation.ts";
import { findModel, forgetModel, listModels, setModelEnabled, type StoredModel } from "../store/ai-models.ts";

const ModelParams = Type.Object({ model_id: ModelId }, { additionalProperties: false });

export function registerAiModelRoutes(app: App, backend: Backend): void {
  const apiModel = async (model: StoredModel): Promise<AiModel> => ({
    ...model.discovered,
    // An invalid model cannot run, whatever was chosen; the choice holds again once its folder is put right.
    enabled: model.enabled && model.discovered.valid,
    present: backend.core.presentModels.has(model.discovered.model_id),
    ...((await wasAdded(backend.config.modelsDir, model.discovered.model_id)) ? { removable: true } : {}),
    updated_at: isoTime(model.updatedWallMs),
  });

  async function required(modelId: string): Promise<StoredModel> {
    const model = await findModel(backend.db, modelId);
    if (!model) throw new CodedError("model_not_found", `There is no model ${modelId}.`);
    return model;
  }

  app.get(
    "/api/v1/ai-models",
    { config: { access: { need: "view", of: "site" } }, schema: { response: { 200: AiModelList } } },
    async () => ({
      items: await Promise.all((await listModels(backend.db)).map(apiModel)),
    }),
  );

  app.get(
    "/api/v1/ai-models/:model_id",
    { config: { access: { need: "view", of: "site" } }, schema: { params: ModelParams, response: { 200: AiModel } } },
    async (request) => apiModel(await required(request.params.model_id)),
  );

  app.patch(
    "/api/v1/ai-models/:model_id",
    {
      config: { access: { need: "administer", of: "site" } },
      schema: { params: ModelParams, body: AiModelPatch, response: { 200: AiModel } },
    },
    async (request) => {
      const { model_id } = request.params;
      const { enabled } = request.body;
      const model = await required(model_id);
      if (enabled && !model.discovered.valid)
        throw new CodedError("model_invalid", `The model ${model_id} cannot be enabled: its folder is not valid.`, {
          reason: model.discovered.reason,
        });
      if (await setModelEnabled(backend.db, model_id, enabled, backend.clock.wallMs()))
        backend.core.notifyAssignmentsChanged();
      return apiModel(await required(model_id));
    },
  );

  app.delete(
    "/api/v1/ai-models/:model_id",
    {
      config: { access: { need: "administer", of: "site" } },
      schema: { params: ModelParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const { model_id } = request.params;
      await required(model_id);
      await removeAdded(backend.config.modelsDir, model_id);
      await forgetModel(backend.db, model_id);
      backend.core.notifyAssignmentsChanged();
      backend.log.info("a model was removed", { model_id });
      return reply.code(204).send(null);
    },
  );
}
