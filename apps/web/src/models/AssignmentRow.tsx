import type { AiHealth, AiModel, Assignment, AssignmentPut, Camera, SubscriptionMetrics } from "@vas/contracts/http.ts";
import { useState } from "react";
import type { ApiError } from "../api/client.ts";
import { May } from "../people/May.tsx";
import { useSite } from "../site.ts";
import { Badge, Facts, Failure, Switch } from "../ui/parts.tsx";
import { AssignmentForm } from "./AssignmentForm.tsx";
import { FIRST_FPS } from "./form.ts";
import { healthTone, runningWords, wantedWords, whyNotAssignable } from "./words.ts";

type Props = {
  camera: Camera;
  model: AiModel;
  assignment: Assignment | undefined;
  health: AiHealth | null;
  subscription: SubscriptionMetrics | null;
  onChanged: () => void;
};

export function AssignmentRow(props: Props) {
  const { camera, model, assignment, health, subscription, onChanged } = props;
  const { vas } = useSite();
  const [error, setError] = useState<ApiError | null>(null);
  const [open, setOpen] = useState(false);
  const wanted = assignment?.enabled === true;
  const refused = whyNotAssignable(model);

  const put = async (change: AssignmentPut) => {
    const outcome = await vas.putAssignment(camera.id, model.model_id, {
      enabled: assignment?.enabled ?? true,
      desired_fps: assignment?.desired_fps ?? FIRST_FPS,
      priority: assignment?.priority ?? 0,
      parameters: assignment?.parameters ?? {},
      ...change,
    });
    setError(outcome.ok ? null : outcome.error);
    onChanged();
    return outcome.ok;
  };
  const remove = async () => {
    const outcome = await vas.deleteAssignment(camera.id, model.model_id);
    setError(outcome.ok ? null : outcome.error);
    setOpen(false);
    onChanged();
  };

  return (
    <li className="panel stack" data-assignment={model.model_id}>
      <div className="row">
        <May need="operate">
          <Switch
            label={`${model.model_id} on ${camera.name}`}
            hideLabel
            checked={wanted}
            disabled={!wanted && refused !== null}
            onChange={(enabled) => void put({ enabled })}
          />
        </May>
        <h2>{model.name ?? model.model_id}</h2>
        {wanted && subscription && <Badge tone={healthTone(subscription.health)}>{subscription.health}</Badge>}
        <span className="spring" />
        <May need="operate">
          <button
            type="button"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            disabled={refused !== null && !assignment}
          >
            Settings
          </button>
        </May>
      </div>
      <Facts
        wide
        facts={[
          { name: "Wanted", value: wantedWords(assignment) },
          { name: "Running", value: runningWords(health, subscription, wanted) },
        ]}
      />
      {refused && <p className="quiet">{refused}</p>}
      <Failure error={error} />
      {open && (
        <AssignmentForm
          key={assignment?.updated_at ?? "new"}
          model={model}
          assignment={assignment}
          onSave={put}
          onRemove={() => void remove()}
        />
      )}
    </li>
  );
}
