import type { Zone } from "@vas/contracts/http.ts";
import { assignmentText as text } from "../strings/assignments.ts";
import { FEWEST_POINTS, type Point, pointAt } from "./zones.ts";

const shown = (fraction: number) => Math.round(fraction * 1000) / 10;

/** The corners of a zone in percent of the picture, for whoever does not draw. */
export function ZoneNumbers(props: {
  zone: Zone;
  onMove: (corner: number, point: Point) => void;
  onRemove: (corner: number) => void;
}) {
  const { zone, onMove, onRemove } = props;
  return (
    <details className="zone-numbers">
      <summary>{text.corners}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">{text.left}</th>
            <th scope="col">{text.top}</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {zone.points.map(([x, y], corner) => (
            <tr key={corner}>
              <td>
                <input
                  type="number"
                  min={0}
                  max={100}
                  step={0.1}
                  aria-label={text.fromLeft(corner + 1)}
                  value={shown(x)}
                  onChange={(event) => onMove(corner, pointAt(Number(event.target.value) / 100, y))}
                />
              </td>
              <td>
                <input
                  type="number"
                  min={0}
                  max={100}
                  step={0.1}
                  aria-label={text.fromTop(corner + 1)}
                  value={shown(y)}
                  onChange={(event) => onMove(corner, pointAt(x, Number(event.target.value) / 100))}
                />
              </td>
              <td>
                <button
                  type="button"
                  className="plain"
                  disabled={zone.points.length <= FEWEST_POINTS}
                  aria-label={text.removeCorner(corner + 1)}
                  onClick={() => onRemove(corner)}
                >
                  {text.delete}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
