/** What a person may correct in the model.yaml that the doctor writes. */
import type { ModelExamination } from "@vas/contracts/model-drafts.ts";
import type { ChangeEvent } from "react";
import { addModelText } from "../strings/add-model.ts";
import { Field, Switch } from "../ui/parts.tsx";
import type { FormErrors, SettingsForm } from "./draft.ts";

type TextKey = Exclude<keyof SettingsForm, "letterbox">;

export function DraftSettings(props: {
  examination: ModelExamination;
  form: SettingsForm;
  errors: FormErrors;
  onChange: (form: SettingsForm) => void;
}) {
  const { examination, form, errors } = props;
  const set = (key: TextKey) => (event: ChangeEvent<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>) =>
    props.onChange({ ...form, [key]: event.target.value });
  const text = (key: TextKey, label: string, hint?: string) => (
    <Field label={label} hint={hint} error={errors[key]}>
      <input type="text" value={form[key]} onChange={set(key)} autoComplete="off" spellCheck={false} />
    </Field>
  );
  if (examination.model_yaml_by === "author")
    return (
      <section className="panel stack" aria-label={addModelText.settings}>
        <h2>{addModelText.settings}</h2>
        <p>{addModelText.byAuthor}</p>
        <Yaml text={examination.model_yaml} />
      </section>
    );
  return (
    <section className="panel stack" aria-label={addModelText.settings}>
      <h2>{addModelText.settings}</h2>
      <div className="settings-fields">
        {text("name", addModelText.name, addModelText.nameHint)}
        {text("model_id", addModelText.id, addModelText.idHint)}
        {text("version", addModelText.version)}
        {text("license", addModelText.licence, addModelText.licenceHint)}
        <Field label={addModelText.family}>
          <select value={form.format} onChange={set("format")}>
            {form.format === "" && <option value="" />}
            {examination.formats.map((format) => (
              <option key={format}>{format}</option>
            ))}
          </select>
        </Field>
        {text("size", addModelText.inputSize, addModelText.inputSizeHint)}
        <Field label={addModelText.color}>
          <select value={form.color} onChange={set("color")}>
            <option value="rgb">{addModelText.rgb}</option>
            <option value="bgr">{addModelText.bgr}</option>
          </select>
        </Field>
        {text("confidence_threshold", addModelText.confidence, addModelText.confidenceHint)}
        {text("nms_iou_threshold", addModelText.overlap)}
      </div>
      <Switch
        label={addModelText.letterbox}
        checked={form.letterbox}
        onChange={(letterbox) => props.onChange({ ...form, letterbox })}
      />
      <Field label={addModelText.classNames} hint={addModelText.classNamesHint} error={errors.class_names}>
        <textarea rows={6} value={form.class_names} onChange={set("class_names")} spellCheck={false} />
      </Field>
      <Yaml text={examination.model_yaml} />
    </section>
  );
}

function Yaml(props: { text: string | null }) {
  if (props.text === null) return null;
  return (
    <details>
      <summary>{addModelText.yaml}</summary>
      <pre className="yaml" tabIndex={0}>
        {props.text}
      </pre>
    </details>
  );
}
