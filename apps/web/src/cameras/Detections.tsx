import { framesPath } from "../health/address.ts";
import { May } from "../people/May.tsx";
import { camerasText } from "../strings/cameras.ts";
import { Link } from "../ui/parts.tsx";
import { fixOf, type Known, whyNot } from "./why.ts";

/** Whether models look at this camera, and if not, why, with the way to change it. */
export function Detections(props: { known: Known }) {
  const { known } = props;
  const answers = whyNot(known);
  const running = (known.assignments ?? []).filter(({ enabled }) => enabled);
  const nameOf = (id: string) => known.models?.find((model) => model.model_id === id)?.name ?? id;
  return (
    <section className="panel" aria-labelledby="detections">
      <h2 id="detections">{camerasText.detections}</h2>
      {answers === null ? (
        <p className="quiet">{camerasText.looking}</p>
      ) : (
        <ul className="answers" data-testid="why">
          {answers.map(({ tone, words, fix }) => {
            const { to, words: name } = fix ? fixOf(fix, known.camera.id) : { to: "", words: "" };
            return (
              <li key={words} className={`answer ${tone}`}>
                <span>{words}</span>
                {fix === "settings" && (
                  <May need="administer">
                    <Link to={to}>{name}</Link>
                  </May>
                )}
                {fix !== null && fix !== "settings" && <Link to={to}>{name}</Link>}
              </li>
            );
          })}
        </ul>
      )}
      {running.length > 0 && (
        <ul className="answers-frames">
          {running.map(({ model_id }) => (
            <li key={model_id}>
              <Link to={framesPath(known.camera.id, model_id)} className="quiet">
                {camerasText.lastFrames(nameOf(model_id))}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
