import type { AiModel } from "@vas/contracts/http.ts";
import { useCameras, useSite } from "../site.ts";
import { navigate, useAddress, useLoad, useWhileVisible } from "../ui/hooks.ts";
import { Failure, Loading } from "../ui/parts.tsx";
import { AssignmentRow } from "./AssignmentRow.tsx";
import { subscriptionOf } from "./words.ts";

/** Which models should look at which cameras, beside what runs. */
export function Assignments(props: { models: AiModel[] }) {
  const { vas } = useSite();
  const { cameras } = useCameras();
  const address = useAddress();
  const assignments = useLoad("assignments", () => vas.assignments());
  const health = useLoad("ai health", () => vas.aiHealth());
  useWhileVisible(health.reload, 2_000);
  const asked = address.searchParams.get("camera");
  const camera = cameras?.find((one) => one.id === asked) ?? cameras?.[0];
  const assignable = props.models.filter((model) => model.valid);
  return (
    <section aria-label="Assignments">
      <div className="toolbar">
        <h1>Assignments</h1>
        {camera && (
          <select
            aria-label="Camera"
            value={camera.id}
            onChange={(event) => navigate(`/models?${new URLSearchParams({ camera: event.target.value })}`, true)}
          >
            {cameras?.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        )}
      </div>
      <Failure error={assignments.error} retry={assignments.reload} />
      {cameras?.length === 0 && <p className="quiet">Add a camera first: a model is assigned to a camera.</p>}
      {camera && assignable.length === 0 && <p className="quiet">No model is valid, so none can be assigned.</p>}
      {camera && assignments.value === null && !assignments.error && <Loading what="the assignments" />}
      {camera && assignments.value && (
        <ul className="stack">
          {assignable.map((model) => (
            <AssignmentRow
              key={`${camera.id} ${model.model_id}`}
              camera={camera}
              model={model}
              assignment={assignments.value?.find(
                (one) => one.camera_id === camera.id && one.model_id === model.model_id,
              )}
              health={health.value}
              subscription={subscriptionOf(health.value, camera.id, model.model_id)}
              onChanged={assignments.reload}
            />
          ))}
        </ul>
      )}
    </section>
  );
}
