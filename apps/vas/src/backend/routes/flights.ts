/** `/api/v1/ai-health/cameras/{id}/flights`: what became of the newest frames of one camera at one model. */
import { Flights, FlightsQuery } from "@vas/contracts/flights.ts";
import { CameraParams } from "@vas/contracts/http.ts";
import { mustExist } from "../cameras.ts";
import type { App, Backend } from "../context.ts";
import { flightsOf } from "../flights.ts";

export function registerFlightRoutes(app: App, backend: Backend): void {
  app.get(
    "/api/v1/ai-health/cameras/:id/flights",
    {
      config: { access: { need: "view", of: { camera: "id" } } },
      schema: { tags: ["ai-health"], params: CameraParams, querystring: FlightsQuery, response: { 200: Flights } },
    },
    async ({ params, query }) => {
      const { id } = await mustExist(backend, params.id);
      const told = await backend.core.flights(id, query.model_id);
      const items = flightsOf(told, backend.flights.of(id, query.model_id));
      return { camera_id: id, model_id: query.model_id, now_ms: backend.clock.wallMs(), items };
    },
  );
}
