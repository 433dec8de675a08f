/** One model of the registry: whether it can be used and why not, whose it is, and its switch. */
import type { AiModel } from "@vas/contracts/http.ts";
import { useState } from "react";
import type { ApiError } from "../api/client.ts";
import { May } from "../people/May.tsx";
import { useMay } from "../people/me.ts";
import { useSite } from "../site.ts";
import { registryText } from "../strings/registry.ts";
import { Badge, Facts, Failure, Switch } from "../ui/parts.tsx";
import { RemoveModel } from "./RemoveModel.tsx";

const CLASSES_SHOWN = 12;

export function ModelCard(props: { model: AiModel; onChanged: () => void }) {
  const { model, onChanged } = props;
  const { vas } = useSite();
  const mayEnable = useMay("administer");
  const [error, setError] = useState<ApiError | null>(null);
  const enable = async (enabled: boolean) => {
    const outcome = await vas.enableModel(model.model_id, enabled);
    setError(outcome.ok ? null : outcome.error);
    onChanged();
  };
  const facts = [
    { name: registryText.folder, value: model.folder },
    ...(model.version ? [{ name: registryText.version, value: model.version }] : []),
    ...(model.type ? [{ name: registryText.type, value: model.type }] : []),
    ...(model.supported_tasks.length > 0
      ? [{ name: registryText.tasks, value: model.supported_tasks.join(", ") }]
      : []),
    ...(model.output_type ? [{ name: registryText.output, value: model.output_type }] : []),
    ...(model.expected_resolution ? [{ name: registryText.input, value: model.expected_resolution.join(" x ") }] : []),
    ...(model.author ? [{ name: registryText.author, value: model.author }] : []),
    { name: registryText.licence, value: model.license ?? registryText.noLicence },
    {
      name: registryText.weights,
      value: model.weights_sha256 ? <code className="hash">{model.weights_sha256}</code> : registryText.noWeights,
    },
  ];
  const classes = model.class_names;
  return (
    <li className="panel stack" data-model={model.model_id}>
      <div className="row">
        <h2>{model.name ?? model.model_id}</h2>
        <Badge tone={model.valid ? "good" : "bad"}>{model.valid ? registryText.valid : registryText.notValid}</Badge>
        {!model.present && <Badge tone="warn">{registryText.notFound}</Badge>}
        <span className="spring" />
        {!mayEnable && model.valid && !model.enabled && <Badge tone="plain">{registryText.disabled}</Badge>}
        {mayEnable && model.valid && (
          <Switch
            label={registryText.enable(model.model_id)}
            hideLabel
            checked={model.enabled}
            onChange={(enabled) => void enable(enabled)}
          />
        )}
      </div>
      {model.description && <p>{model.description}</p>}
      {model.reason && (
        <div className="notice bad">
          <span>
            {model.reason.line > 0 ? registryText.line(model.reason.line) : ""}
            {model.reason.message}
            <br />
            {model.reason.remedy}
          </span>
        </div>
      )}
      {model.notice && (
        <div className="notice warn">
          <span>{model.notice}</span>
        </div>
      )}
      <Failure error={error} />
      <Facts facts={facts} />
      {classes.length > 0 && (
        <p className="quiet">
          {registryText.classes(classes.length)}
          {classes.slice(0, CLASSES_SHOWN).join(", ")}
          {classes.length > CLASSES_SHOWN ? registryText.moreClasses(classes.length - CLASSES_SHOWN) : ""}
        </p>
      )}
      {model.removable && (
        <May need="administer">
          <RemoveModel model={model} onRemoved={onChanged} />
        </May>
      )}
    </li>
  );
}
