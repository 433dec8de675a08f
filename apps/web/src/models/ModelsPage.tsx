import type { AiModel } from "@vas/contracts/http.ts";
import { useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useMay } from "../people/me.ts";
import { useSite } from "../site.ts";
import { useLoad, useTitle, useWhileVisible } from "../ui/hooks.ts";
import { Badge, Empty, Facts, Failure, Loading, Switch } from "../ui/parts.tsx";
import { Assignments } from "./Assignments.tsx";

export function ModelsPage() {
  useTitle("Models");
  const { vas } = useSite();
  const models = useLoad("models", () => vas.models());
  const health = useLoad("ai health", () => vas.aiHealth());
  useWhileVisible(models.reload, 10_000);

  if (models.value === null)
    return models.error ? <Failure error={models.error} retry={models.reload} /> : <Loading what="the models" />;
  const { items } = models.value;
  if (items.length === 0)
    return (
      <Empty title="No models yet">
        <p>
          {health.value?.core.connected
            ? "Ruth Core is connected and found no folder with a model.yaml in RUTH_MODELS_DIR."
            : "Models appear once Ruth Core is connected: it looks for folders with a model.yaml."}
        </p>
      </Empty>
    );

  return (
    <>
      <Assignments models={items} />
      <section aria-label="Registry" className="below">
        <div className="toolbar">
          <h1>Registry</h1>
        </div>
        <ul className="cards">
          {items.map((model) => (
            <ModelCard key={model.folder} model={model} onChanged={models.reload} />
          ))}
        </ul>
      </section>
    </>
  );
}

const CLASSES_SHOWN = 12;

function ModelCard(props: { model: AiModel; onChanged: () => void }) {
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
    { name: "Folder", value: model.folder },
    ...(model.version ? [{ name: "Version", value: model.version }] : []),
    ...(model.type ? [{ name: "Type", value: model.type }] : []),
    ...(model.supported_tasks.length > 0 ? [{ name: "Tasks", value: model.supported_tasks.join(", ") }] : []),
    ...(model.output_type ? [{ name: "Output", value: model.output_type }] : []),
    ...(model.expected_resolution ? [{ name: "Input", value: model.expected_resolution.join(" x ") }] : []),
    ...(model.author ? [{ name: "Author", value: model.author }] : []),
    { name: "Licence", value: model.license ?? "not stated" },
    {
      name: "Weights (SHA-256)",
      value: model.weights_sha256 ? (
        <code title={model.weights_sha256}>{model.weights_sha256.slice(0, 16)}…</code>
      ) : (
        "none"
      ),
    },
  ];
  const classes = model.class_names;
  return (
    <li className="panel stack" data-model={model.model_id}>
      <div className="row">
        <h2>{model.name ?? model.model_id}</h2>
        <Badge tone={model.valid ? "good" : "bad"}>{model.valid ? "valid" : "not valid"}</Badge>
        {!model.present && <Badge tone="warn">not found now</Badge>}
        <span className="spring" />
        {!mayEnable && model.valid && !model.enabled && <Badge tone="plain">disabled</Badge>}
        {mayEnable && model.valid && (
          <Switch
            label={`Enable ${model.model_id}`}
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
            {model.reason.line > 0 ? `model.yaml, line ${model.reason.line}: ` : ""}
            {model.reason.message}
            <br />
            {model.reason.remedy}
          </span>
        </div>
      )}
      <Failure error={error} />
      <Facts facts={facts} />
      {classes.length > 0 && (
        <p className="quiet">
          {classes.length} {classes.length === 1 ? "class" : "classes"}: {classes.slice(0, CLASSES_SHOWN).join(", ")}
          {classes.length > CLASSES_SHOWN ? ` and ${classes.length - CLASSES_SHOWN} more` : ""}
        </p>
      )}
    </li>
  );
}
