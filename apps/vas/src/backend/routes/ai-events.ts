/**
 * `/api/v1/ai-events`. Events are written by signaling/ai-results.ts alone; what people change is whether they have looked
 * at one.
 */
import { CodedError } from "@vas/contracts/errors.ts";
import {
  AiEvent,
  AiEventPage,
  AiEventQuery,
  CameraParams,
  EventReviewsPut,
  EventReviewsReply,
} from "@vas/contracts/http.ts";
import type { ObjectsOfCameras } from "../access.ts";
import type { Caller } from "../callers.ts";
import type { App, Backend } from "../context.ts";
import { eventsById, listEvents } from "../store/ai-events.ts";
import { type ReviewChange, storeReviews } from "../store/event-reviews.ts";

export function registerAiEventRoutes(app: App, backend: Backend): void {
  const events: ObjectsOfCameras = {
    cameraOf: async (id) => (await eventsById(backend.db, [id]))[0]?.camera_id,
    missing: "event_not_found",
  };
  const one = async (id: string): Promise<AiEvent> => {
    const [event] = await eventsById(backend.db, [id.toLowerCase()]);
    if (!event) throw new CodedError("event_not_found");
    return event;
  };
  const review = async (caller: Caller, ids: string[], reviewed: boolean): Promise<ReviewChange> => {
    const change = await storeReviews(backend.db, {
      eventIds: ids.map((id) => id.toLowerCase()),
      reviewed,
      by: caller.name,
      wallMs: backend.clock.wallMs(),
      cameraIds: caller.grants.cameraIds(),
    });
    for (const [camera_id, event_ids] of change.byCamera)
      backend.notices.publish({ notice: "events_reviewed", camera_id, event_ids, review: change.review });
    return change;
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
    (request) => one(request.params.id),
  );

  const ofOne = {
    config: { access: { need: "operate", of: events } },
    schema: { params: CameraParams, response: { 200: AiEvent } },
  } as const;
  app.put("/api/v1/ai-events/:id/review", ofOne, async (request) => {
    await review(request.caller, [request.params.id], true);
    return one(request.params.id);
  });
  app.delete("/api/v1/ai-events/:id/review", ofOne, async (request) => {
    await review(request.caller, [request.params.id], false);
    return one(request.params.id);
  });

  app.post(
    "/api/v1/ai-events/reviews",
    {
      config: { access: { need: "operate", of: "listed" } },
      schema: { body: EventReviewsPut, response: { 200: EventReviewsReply } },
    },
    async (request) => {
      const { event_ids, reviewed } = request.body;
      const change = await review(request.caller, event_ids, reviewed);
      return { event_ids: [...change.byCamera.values()].flat(), review: change.review };
    },
  );
}
