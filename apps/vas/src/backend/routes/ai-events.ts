/** `/api/v1/ai-events`: read only. Events are written by signaling/ai-results.ts alone. */
import { CodedError } from "@vas/contracts/errors.ts";
import { AiEvent, AiEventPage, AiEventQuery, CameraParams } from "@vas/contracts/http.ts";
import type { ObjectsOfCameras } from "../access.ts";
import type { App, Backend } from "../context.ts";
import { eventsById, listEvents } from "../store/ai-events.ts";

export function registerAiEventRoutes(app: App, backend: Backend): void {
  const events: ObjectsOfCameras = {
    cameraOf: async (id) => (await eventsById(backend.db, [id]))[0]?.camera_id,
    missing: "event_not_found",
  };

  app.get(
    "/api/v1/ai-events",
    {
      config: { access: { need: "view", of: "listed" } },
      schema: { querystring: AiEventQuery, response: { 200: AiEventPage } },
    },
    (request) => listEvents(backend.db, request.query, request.caller.grants.cameraIds()),
  );

  app.get(
    "/api/v1/ai-events/:id",
    {
      config: { access: { need: "view", of: events } },
      schema: { params: CameraParams, response: { 200: AiEvent } },
    },
    async (request) => {
      const [event] = await eventsById(backend.db, [request.params.id.toLowerCase()]);
      if (!event) throw new CodedError("event_not_found");
      return event;
    },
  );
}
