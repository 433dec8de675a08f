import type { AiHealth, AiModel, Assignment, Camera } from "@vas/contracts/http.ts";
import { useState } from "react";
import type { ApiError } from "../api/client.ts";
import { framesPath } from "../health/address.ts";
import { May } from "../people/May.tsx";
import { useCameras, useSite } from "../site.ts";
import { assignmentText as text } from "../strings/assignments.ts";
import { useLoad, useWhileVisible } from "../ui/hooks.ts";
import { Failure, Link, Loading, Switch } from "../ui/parts.tsx";
import { AssignmentDialog } from "./AssignmentDialog.tsx";
import "./assignments.css";
import { healthTone, runningWords, subscriptionOf, wantedWords, whyNotAssignable } from "./words.ts";

/** Which models should look at which cameras, beside what runs: a row for each camera, a column for each model. */
export function Assignments(props: { models: AiModel[] }) {
  const { vas } = useSite();
  const { cameras } = useCameras();
  // A model that is removed takes its assignments with it.
  const removable = props.models.filter((model) => model.removable).map((model) => model.model_id);
  const assignments = useLoad(`assignments ${removable.join()}`, () => vas.assignments());
  const health = useLoad("ai health", () => vas.aiHealth());
  useWhileVisible(health.reload, 2_000);
  const [error, setError] = useState<ApiError | null>(null);
  const [open, setOpen] = useState<{ camera: Camera; model: AiModel } | null>(null);
  const stored = assignments.value;
  const isGone = (model: AiModel) =>
    !model.present &&
    health.value?.core.connected === true &&
    stored?.every((one) => one.model_id !== model.model_id) === true;
  const assignable = props.models.filter((model) => model.valid && !isGone(model));

  const put = async (camera: Camera, model: AiModel, enabled: boolean) => {
    // What else is wanted stays as it is; for a new assignment VAS has the defaults.
    const outcome = await vas.putAssignment(camera.id, model.model_id, { enabled });
    setError(outcome.ok ? null : outcome.error);
    assignments.reload();
  };

  return (
    <section aria-label={text.assignments}>
      <div className="toolbar">
        <h1>{text.assignments}</h1>
      </div>
      <Failure error={assignments.error} retry={assignments.reload} />
      <Failure error={error} />
      {cameras?.length === 0 && <p className="quiet">{text.noCameras}</p>}
      {assignable.length === 0 && <p className="quiet">{text.noModels}</p>}
      {stored === null && !assignments.error && <Loading what={text.theAssignments} />}
      {stored && cameras && cameras.length > 0 && assignable.length > 0 && (
        <>
          <p className="quiet">{text.intro}</p>
          <div className="scroll">
            <table className="matrix">
              <thead>
                <tr>
                  <th scope="col">{text.camera}</th>
                  {assignable.map((model) => (
                    <th key={model.model_id} scope="col" title={whyNotAssignable(model) ?? undefined}>
                      {model.name ?? model.model_id}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {cameras.map((camera) => (
                  <tr key={camera.id}>
                    <th scope="row">{camera.name}</th>
                    {assignable.map((model) => (
                      <td key={model.model_id} data-assignment={model.model_id}>
                        <Cell
                          camera={camera}
                          model={model}
                          assignment={stored.find(
                            (one) => one.camera_id === camera.id && one.model_id === model.model_id,
                          )}
                          health={health.value}
                          onSwitch={(enabled) => void put(camera, model, enabled)}
                          onOpen={() => setOpen({ camera, model })}
                        />
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      {open && stored && cameras && (
        <AssignmentDialog
          key={`${open.camera.id} ${open.model.model_id}`}
          camera={open.camera}
          model={open.model}
          assignments={stored}
          health={health.value}
          cameras={cameras}
          onChanged={assignments.reload}
          onClose={() => setOpen(null)}
        />
      )}
    </section>
  );
}

type CellProps = {
  camera: Camera;
  model: AiModel;
  assignment: Assignment | undefined;
  health: AiHealth | null;
  onSwitch: (enabled: boolean) => void;
  onOpen: () => void;
};

function Cell(props: CellProps) {
  const { camera, model, assignment, health, onSwitch, onOpen } = props;
  const wanted = assignment?.enabled === true;
  const refused = whyNotAssignable(model);
  const subscription = subscriptionOf(health, camera.id, model.model_id);
  const name = model.name ?? model.model_id;
  const zones = assignment?.zones?.length ?? 0;
  return (
    <div className="matrix-cell">
      <div className="row">
        <span className="matrix-model">{name}</span>
        <May need="operate">
          <Switch
            label={text.switchOn(model.model_id, camera.name)}
            hideLabel
            checked={wanted}
            disabled={!wanted && refused !== null}
            onChange={onSwitch}
          />
          <button
            type="button"
            className="plain"
            aria-label={text.settingsOf(name, camera.name)}
            disabled={refused !== null && !assignment}
            onClick={onOpen}
          >
            {text.settings}
          </button>
        </May>
      </div>
      <dl>
        <dt>{text.wanted}</dt>
        <dd>
          {wantedWords(assignment)}
          {zones > 0 && `, ${text.zoneCount(zones)}`}
        </dd>
        <dt>{text.running}</dt>
        <dd className={wanted && subscription ? `tone-${healthTone(subscription.health)}` : ""}>
          {runningWords(health, subscription, wanted)}
        </dd>
      </dl>
      {refused && <small className="quiet">{refused}</small>}
      {wanted && subscription && (
        <Link to={framesPath(camera.id, model.model_id)} label={text.framesOf(name, camera.name)} className="quiet">
          {text.frames}
        </Link>
      )}
    </div>
  );
}
