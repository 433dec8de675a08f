import type { AiModel, Assignment, AssignmentPut } from "@vas/contracts/http.ts";
import { type FormEvent, useState } from "react";
import { Field } from "../ui/parts.tsx";
import { fieldsOf, FIRST_FPS, type FormValues, parametersOf, valuesOf } from "./form.ts";
import { ParameterInput } from "./ParameterInput.tsx";

type Props = {
  model: AiModel;
  assignment: Assignment | undefined;
  onSave: (put: AssignmentPut) => Promise<boolean>;
  onRemove: () => void;
};

export function AssignmentForm(props: Props) {
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
          <ParameterInput
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
