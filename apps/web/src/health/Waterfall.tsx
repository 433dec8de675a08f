import type { Flight } from "@vas/contracts/flights.ts";
import { drawnAt } from "../overlay/drawn-at.ts";
import { healthText as text } from "../strings/health.ts";
import { rate } from "../ui/format.ts";
import { barOf, outcomeOf, stepsOf } from "./waterfall.ts";

type Props = {
  flight: Flight;
  modelId: string;
  /** To be added to this browser's clock to get VAS's, and how far that may be off. */
  addMs: number;
  withinMs: number;
};

/** One frame's steps as bars below each other, each with its time and its length. */
export function Waterfall(props: Props) {
  const { flight, modelId, addMs, withinMs } = props;
  const drawnMs = flight.pts90k === null ? null : drawnAt(modelId, flight.pts90k);
  const capturedMs = flight.captured_at === null ? null : Date.parse(flight.captured_at);
  const steps = stepsOf(flight, drawnMs === null || capturedMs === null ? null : drawnMs + addMs - capturedMs);
  return (
    <>
      {outcomeOf(flight) === "skipped" && <p>{text.longReason(flight.outcome)}</p>}
      {steps.length > 0 && (
        <table className="waterfall">
          <thead>
            <tr>
              <th scope="col">{text.step}</th>
              <th scope="col">{text.atMs}</th>
              <th scope="col">{text.tookMs}</th>
              <td aria-hidden="true" />
            </tr>
          </thead>
          <tbody>
            {steps.map((step) => {
              const { left, width } = barOf(step, steps);
              return (
                <tr key={step.name} data-step={step.name} data-at={step.atMs}>
                  <th scope="row">
                    {text.steps[step.name]}
                    <small className="quiet">
                      {text.stepWords[step.name]}
                      {step.name === "answered" && flight.inference_ms !== null
                        ? `; ${text.inference(rate(flight.inference_ms, "ms"))}`
                        : ""}
                    </small>
                  </th>
                  <td>{rate(step.atMs, "ms")}</td>
                  <td>{rate(step.tookMs, "ms")}</td>
                  <td className="waterfall-bar" aria-hidden="true">
                    <span style={{ left: `${left * 100}%`, width: `${width * 100}%` }} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {steps.some(({ name }) => name === "drawn") && <p className="quiet">{text.clockOff(rate(withinMs, "ms"))}</p>}
    </>
  );
}
