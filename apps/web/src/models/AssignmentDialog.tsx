import type { AiHealth, AiModel, Assignment, AssignmentPut, Camera, Zone } from "@vas/contracts/http.ts";
import { type FormEvent, useId, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useMe } from "../people/me.ts";
import { useSite } from "../site.ts";
import { assignmentText as text } from "../strings/assignments.ts";
import { ConfirmDialog, Dialog } from "../ui/dialog.tsx";
import { rate } from "../ui/format.ts";
import { Failure, Field, Switch } from "../ui/parts.tsx";
import { useToast } from "../ui/toast.tsx";
import { asksOf, fieldErrorOf } from "./assigning.ts";
import { forecast } from "./forecast.ts";
import { fieldsOf, FIRST_FPS, FIRST_PRIORITY, type FormValues, parametersOf, valuesOf } from "./form.ts";
import { ParameterInput } from "./ParameterInput.tsx";
import { ZoneEditor } from "./ZoneEditor.tsx";
import { problemsOf, type ZoneProblem } from "./zones.ts";

type Props = {
  camera: Camera;
  model: AiModel;
  assignments: readonly Assignment[];
  health: AiHealth | null;
  cameras: readonly Camera[];
  onChanged: () => void;
  onClose: () => void;
};

/** What one model is wanted to do on one camera, and on others that shall get the same. */
export function AssignmentDialog(props: Props) {
  const { camera, model, assignments, health, cameras, onChanged, onClose } = props;
  const { vas } = useSite();
  const me = useMe();
  const toast = useToast();
  const id = useId();
  const assignment = assignments.find((one) => one.camera_id === camera.id && one.model_id === model.model_id);
  const fields = fieldsOf(model.config_schema);
  const kept = assignment?.parameters ?? {};
  const [fps, setFps] = useState(String(assignment?.desired_fps ?? FIRST_FPS));
  const [priority, setPriority] = useState(String(assignment?.priority ?? FIRST_PRIORITY));
  const [clip, setClip] = useState(assignment?.clip ?? false);
  const [values, setValues] = useState<FormValues>(() => valuesOf(fields, kept));
  const [zones, setZones] = useState<Zone[]>(assignment?.zones ?? []);
  const [zoneProblems, setZoneProblems] = useState<ReadonlyMap<number, ZoneProblem>>(new Map());
  const [also, setAlso] = useState<readonly string[]>([]);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState(false);
  const name = model.name ?? model.model_id;
  const others = cameras.filter((one) => one.id !== camera.id);
  const chosen = [camera.id, ...also];

  const measured = health?.models.find((one) => one.model_id === model.model_id)?.service_ms ?? null;
  const told = forecast(measured, asksOf(assignments, model.model_id, chosen, Number(fps) || 0));
  const shown = health?.cameras.find((one) => one.camera_id === camera.id)?.frame_fps ?? null;

  const save = async (event: FormEvent) => {
    event.preventDefault();
    const parsed = parametersOf(fields, values, kept);
    const found: Record<string, string> = { ...parsed.errors };
    if (!(Number(fps) > 0 && Number(fps) <= 120)) found["rate"] = text.rateError;
    if (!/^\d+$/.test(priority) || Number(priority) > 100) found["priority"] = text.priorityError;
    const problems = problemsOf(zones);
    setErrors(found);
    setZoneProblems(problems);
    setError(null);
    if (Object.keys(found).length > 0 || problems.size > 0) return;
    setBusy(true);
    const wish: AssignmentPut = {
      enabled: assignment?.enabled ?? true,
      desired_fps: Number(fps),
      priority: Number(priority),
      clip,
      parameters: parsed.parameters,
    };
    let done = 0;
    for (const cameraId of chosen) {
      const put = cameraId === camera.id ? { ...wish, zones } : { ...wish, enabled: true };
      const outcome = await vas.putAssignment(cameraId, model.model_id, put);
      if (!outcome.ok) {
        setError(
          done === 0
            ? outcome.error
            : { ...outcome.error, message: `${text.savedSome(done, chosen.length)} ${outcome.error.message}` },
        );
        setErrors(fieldErrorOf(outcome.error));
        break;
      }
      done++;
    }
    setBusy(false);
    onChanged();
    if (done < chosen.length) return;
    toast({ words: text.saved(done) });
    onClose();
  };
  const remove = async () => {
    const outcome = await vas.deleteAssignment(camera.id, model.model_id);
    if (!outcome.ok) return outcome.error;
    onChanged();
    toast({ words: text.removed });
    onClose();
    return null;
  };
  const toggle = (cameraId: string, on: boolean) =>
    setAlso(on ? [...also, cameraId] : also.filter((one) => one !== cameraId));

  return (
    <>
      <Dialog
        open={!removing}
        onClose={onClose}
        size="wide"
        title={text.dialogTitle(name, camera.name)}
        actions={
          <>
            {assignment && (
              <button type="button" className="danger" onClick={() => setRemoving(true)}>
                {text.remove}
              </button>
            )}
            <span className="spring" />
            <button type="button" onClick={onClose}>
              {text.cancel}
            </button>
            <button type="submit" form={id} className="primary" disabled={busy} aria-busy={busy}>
              {busy ? text.saving : chosen.length > 1 ? text.saveFor(chosen.length) : text.save}
            </button>
          </>
        }
      >
        <form
          id={id}
          className="form assignment-form"
          aria-label={text.settingsOf(model.model_id, camera.name)}
          onSubmit={(event) => void save(event)}
          noValidate
        >
          <Failure error={error} />
          <div className="settings-fields">
            <Field
              label={text.rate}
              hint={
                shown !== null && shown > 0 && Number(fps) > shown + 0.5 ? text.cameraShows(rate(shown)) : undefined
              }
              error={errors["rate"]}
            >
              <input
                type="number"
                min={0.1}
                max={120}
                step="any"
                value={fps}
                onChange={(event) => setFps(event.target.value)}
              />
            </Field>
            <Field label={text.priority} hint={text.priorityHint} error={errors["priority"]}>
              <input
                type="number"
                min={0}
                max={100}
                value={priority}
                onChange={(event) => setPriority(event.target.value)}
              />
            </Field>
            <div className="field">
              <Switch label={text.clip} checked={clip} onChange={setClip} />
              <small className="quiet">{text.clipHint}</small>
            </div>
          </div>
          <p className={`forecast ${told.verdict}`} role="status" data-testid="forecast">
            {told.words}
            {!me.all_cameras && ` ${text.hiddenCameras}`}
          </p>
          <ZoneEditor camera={camera} zones={zones} problems={zoneProblems} onChange={setZones} />
          <fieldset>
            <legend>{text.parameters}</legend>
            {fields.length === 0 && <p className="quiet">{text.noParameters}</p>}
            <div className="settings-fields">
              {fields.map((field) => (
                <ParameterInput
                  key={field.name}
                  field={field}
                  value={values[field.name] ?? ""}
                  error={errors[field.name]}
                  onChange={(value) => setValues({ ...values, [field.name]: value })}
                />
              ))}
            </div>
          </fieldset>
          {others.length > 0 && (
            <fieldset>
              <legend>{text.alsoFor}</legend>
              <p className="quiet">{text.alsoForHint}</p>
              <div className="row wrap">
                {others.map((one) => (
                  <label key={one.id} className="row">
                    <input
                      type="checkbox"
                      checked={also.includes(one.id)}
                      onChange={(event) => toggle(one.id, event.target.checked)}
                    />
                    {one.name}
                  </label>
                ))}
              </div>
            </fieldset>
          )}
        </form>
      </Dialog>
      <ConfirmDialog
        open={removing}
        onClose={() => setRemoving(false)}
        title={text.removeTitle(name, camera.name)}
        action={text.remove}
        cancel={text.keep}
        danger
        onConfirm={remove}
      >
        <p>{text.removeWords}</p>
      </ConfirmDialog>
    </>
  );
}
