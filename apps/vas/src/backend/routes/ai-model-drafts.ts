/** `/api/v1/ai-model-drafts`: files of a model that come from the browser, what the doctor says of them, and their adding. */
import type { Readable } from "node:stream";
import {
  MAX_DRAFT_FILE_BYTES,
  MAX_DRAFT_FILES,
  ModelAdded,
  ModelDraft,
  ModelDraftFileParams,
  ModelDraftList,
  ModelDraftParams,
  ModelDraftSettings,
  ModelExamination,
  ModelTrial,
  ModelTrialRequest,
} from "@vas/contracts/model-drafts.ts";
import { Type } from "typebox";
import type { Access } from "../access.ts";
import { callerGone } from "../caller.ts";
import { mustExist } from "../cameras.ts";
import type { App, Backend } from "../context.ts";
import type { ModelDrafts } from "../model-drafts.ts";

const tags = ["ai-models"];
const params = ModelDraftParams;
const config: { access: Access } = { access: { need: "administer", of: "site" } };
const PATH = "/api/v1/ai-model-drafts";

export async function registerModelDraftRoutes(app: App, backend: Backend, drafts: ModelDrafts): Promise<void> {
  app.get(PATH, { config, schema: { tags, response: { 200: ModelDraftList } } }, async () => ({
    items: drafts.list(),
    cannot_add: await drafts.cannotAdd(),
    max_file_bytes: MAX_DRAFT_FILE_BYTES,
    max_files: MAX_DRAFT_FILES,
  }));
  app.post(PATH, { config, schema: { tags, response: { 201: ModelDraft } } }, async (_request, reply) =>
    reply.code(201).send(await drafts.create()),
  );
  app.get(`${PATH}/:id`, { config, schema: { tags, params, response: { 200: ModelDraft } } }, async (request) =>
    drafts.get(request.params.id),
  );
  app.delete(
    `${PATH}/:id`,
    { config, schema: { tags, params, response: { 204: Type.Null() } } },
    async (request, reply) => {
      await drafts.remove(request.params.id);
      return reply.code(204).send(null);
    },
  );
  app.post(
    `${PATH}/:id/examine`,
    { config, schema: { tags, params, body: ModelDraftSettings, response: { 200: ModelExamination } } },
    async (request, reply) => drafts.examine(request.params.id, request.body, callerGone(reply)),
  );
  app.post(
    `${PATH}/:id/try`,
    { config, schema: { tags, params, body: ModelTrialRequest, response: { 200: ModelTrial } } },
    async (request, reply) => {
      const { camera_id, settings = {} } = request.body;
      const signal = callerGone(reply);
      drafts.get(request.params.id);
      const { id } = await mustExist(backend, camera_id);
      return drafts.try(request.params.id, id, { settings, signal });
    },
  );
  app.get(`${PATH}/:id/picture`, { config, schema: { tags, params } }, async (request, reply) =>
    reply.type("image/jpeg").send(await drafts.picture(request.params.id)),
  );
  app.post(
    `${PATH}/:id/add`,
    { config, schema: { tags, params, body: ModelDraftSettings, response: { 201: ModelAdded } } },
    async (request, reply) =>
      reply.code(201).send(await drafts.add(request.params.id, request.body, callerGone(reply))),
  );
  // Bytes as they come are a body of this route alone.
  await app.register(async (own) => {
    own.addContentTypeParser("application/octet-stream", (_request: unknown, payload: Readable, done: Done) =>
      done(null, payload),
    );
    (own as unknown as App).put(
      `${PATH}/:id/files/:name`,
      {
        config,
        bodyLimit: MAX_DRAFT_FILE_BYTES,
        schema: { tags, params: ModelDraftFileParams, response: { 200: ModelDraft } },
      },
      async (request, reply) => {
        const { id, name } = request.params;
        const length = request.headers["content-length"];
        const sizeBytes = length === undefined ? undefined : Number(length);
        try {
          return await drafts.put(id, name, request.body as Readable, { sizeBytes, signal: callerGone(reply) });
        } catch (thrown) {
          // What is still being sent is not read any more.
          void reply.header("connection", "close");
          throw thrown;
        }
      },
    );
  });
}

type Done = (error: Error | null, body?: unknown) => void;
