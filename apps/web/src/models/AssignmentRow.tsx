import type { AiHealth, AiModel, Assignment, AssignmentPut, Camera, SubscriptionMetrics } from "@vas/contracts/http.ts";
import { type FormEvent, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { May } from "../people/May.tsx";
import { useSite } from "../site.ts";
import { Badge, Facts, Failure, Field, Switch } from "../ui/parts.tsx";
import { choiceText, fieldsOf, type FormValues, type ParameterField, parametersOf, valuesOf } from "./form.ts";
import { healthTone, runningWords, wantedWords, whyNotAssignable } from "./words.ts";

const FIRST_FPS = 5;

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
        <Settings
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

type SettingsProps = {
  model: AiModel;
  assignment: Assignment | undefined;
  onSave: (put: AssignmentPut) => Promise<boolean>;
  onRemove: () => void;
};

function Settings(props: SettingsProps) {
  const { model, assignment, onSave, onRemove } = props;
  const fields = fieldsOf(model.config_schema);
  const kept = assignment?.parameters ?? {};
  const [fps, setFps] = useState(String(assignment?.desired_fps ?? FIRST_FPS));
  const [priority, setPriority] = useState(String(assignment?.priority ?? 0));
  const [values, setValues] = useState<FormValues>(() => valuesOf(fields, kept));
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [saved, setSaved] = useState(false);

  const save = async (event: FormEvent) => {
    event.preventDefault();
    setSaved(false);
    const parsed = parametersOf(fields, values, kept);
    const found: Record<string, string> = { ...parsed.errors };
    if (!(Number(fps) > 0 && Number(fps) <= 120)) found["desired fps"] = "Give more than 0 and at most 120.";
    if (!/^\d+$/.test(priority) || Number(priority) > 100) found["the priority"] = "Give a whole number from 0 to 100.";
    setErrors(found);
    if (Object.keys(found).length > 0) return;
    setSaved(await onSave({ desired_fps: Number(fps), priority: Number(priority), parameters: parsed.parameters }));
  };

  return (
    <form
      className="form settings"
      aria-label={`Settings of ${model.model_id}`}
      onSubmit={(event) => void save(event)}
      noValidate
    >
      <div className="settings-fields">
        <Field label="Frames a second, at most" error={errors["desired fps"]}>
          <input
            type="number"
            min={0.1}
            max={120}
            step="any"
            value={fps}
            onChange={(event) => setFps(event.target.value)}
          />
        </Field>
        <Field
          label="Priority"
          hint="0 to 100; higher goes first when the model is slower than asked for."
          error={errors["the priority"]}
        >
          <input
            type="number"
            min={0}
            max={100}
            value={priority}
            onChange={(event) => setPriority(event.target.value)}
          />
        </Field>
        {fields.map((field) => (
          <Parameter
            key={field.name}
            field={field}
            value={values[field.name] ?? ""}
            error={errors[field.name]}
            onChange={(value) => setValues({ ...values, [field.name]: value })}
          />
        ))}
      </div>
      {fields.length === 0 && <p className="quiet">This model takes no parameters.</p>}
      <div className="row wrap">
        <button type="submit" className="primary">
          Save
        </button>
        {assignment && (
          <button type="button" className="danger" onClick={onRemove}>
            Remove the assignment
          </button>
        )}
        {saved && <span role="status">Saved.</span>}
      </div>
    </form>
  );
}

type ParameterProps = {
  field: ParameterField;
  value: string | boolean;
  error: string | undefined;
  onChange: (value: string | boolean) => void;
};

function Parameter(props: ParameterProps) {
  const { field, value, error, onChange } = props;
  if (field.kind === "boolean")
    return (
      <div className="field">
        <Switch label={field.title} checked={value === true} onChange={onChange} />
        {field.description && <small className="quiet">{field.description}</small>}
      </div>
    );
  const text = String(value);
  const fallback = field.fallback === undefined ? "" : choiceText(field.fallback);
  return (
    <Field label={field.required ? `${field.title} (required)` : field.title} hint={field.description} error={error}>
      {field.kind === "choice" ? (
        <select value={text} onChange={(event) => onChange(event.target.value)}>
          <option value="">{fallback === "" ? "not set" : `model's default: ${fallback}`}</option>
          {field.choices.map((choice) => (
            <option key={choiceText(choice)} value={choiceText(choice)}>
              {choiceText(choice)}
            </option>
          ))}
        </select>
      ) : field.kind === "json" ? (
        <textarea
          rows={3}
          spellCheck={false}
          value={text}
          placeholder={fallback === "" ? "JSON" : fallback}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <input
          type={field.kind === "text" ? "text" : "number"}
          step={field.kind === "integer" ? 1 : "any"}
          min={field.minimum ?? undefined}
          max={field.maximum ?? undefined}
          value={text}
          placeholder={fallback}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
