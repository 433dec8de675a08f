import { assignmentText } from "../strings/assignments.ts";
import { Field, Switch } from "../ui/parts.tsx";
import { choiceText, type ParameterField } from "./form.ts";

type Props = {
  field: ParameterField;
  value: string | boolean;
  error: string | undefined;
  onChange: (value: string | boolean) => void;
};

/** One field of a form made from a model's config_schema. */
export function ParameterInput(props: Props) {
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
    <Field
      label={field.required ? assignmentText.required(field.title) : field.title}
      hint={field.description}
      error={error}
    >
      {field.kind === "choice" ? (
        <select value={text} onChange={(event) => onChange(event.target.value)}>
          <option value="">{fallback === "" ? assignmentText.notSet : assignmentText.modelsDefault(fallback)}</option>
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
