/** How much of the last day is recorded, and what the rest was: every second of it. */
import { useSite } from "../site.ts";
import { playbackText } from "../strings/playback.ts";
import { useLoad, useWhileVisible } from "../ui/hooks.ts";
import { Failure } from "../ui/parts.tsx";
import { accountWords } from "./account.ts";
import { lengthWords } from "./lengths.ts";
import { DAY_MS } from "./view.ts";

const AGAIN_MS = 30_000;

export function ContinuityLine(props: { camera: { id: string; name: string }; isNamed: boolean }) {
  const { camera, isNamed } = props;
  const { vas } = useSite();
  const day = useLoad(`continuity ${camera.id}`, () => {
    const now = Date.now();
    return vas.timeline(camera.id, { from: new Date(now - DAY_MS).toISOString(), to: new Date(now).toISOString() });
  });
  useWhileVisible(day.reload, AGAIN_MS);
  if (day.error) return <Failure error={day.error} retry={day.reload} />;
  if (!day.value) return null;
  const { sums } = day.value;
  return (
    <details className="continuity" data-testid="continuity">
      <summary>
        {isNamed && <b>{camera.name}: </b>}
        {accountWords(sums, playbackText.lastDay)}
      </summary>
      <table>
        <caption className="visually-hidden">{playbackText.wholeAccount}</caption>
        <tbody>
          {sums
            .toSorted((a, b) => b.ms - a.ms)
            .map((sum) => (
              <tr key={`${sum.state} ${sum.reason}`}>
                <th scope="row">
                  <span className={`swatch ${sum.state}`} aria-hidden="true" />
                  {playbackText.states[sum.state]}
                </th>
                <td>{sum.message}</td>
                <td>{sum.count > 1 ? `${sum.count} ×` : ""}</td>
                <td>{lengthWords(sum.ms)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </details>
  );
}
