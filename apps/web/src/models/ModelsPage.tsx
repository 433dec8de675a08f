import { May } from "../people/May.tsx";
import { useSite } from "../site.ts";
import { registryText } from "../strings/registry.ts";
import { useAddress, useLoad, useTitle, useWhileVisible } from "../ui/hooks.ts";
import { Empty, Failure, Link, Loading } from "../ui/parts.tsx";
import { ADD_MODEL_PATH } from "../ui/route.ts";
import { Assignments } from "./Assignments.tsx";
import { ModelCard } from "./ModelCard.tsx";

/** Core looks at its folders every few seconds; what was just added is looked for more often. */
const RELOAD_MS = 10_000;
const WAITING_RELOAD_MS = 1_500;

export function ModelsPage() {
  useTitle("Models");
  const { vas } = useSite();
  const models = useLoad("models", () => vas.models());
  const health = useLoad("ai health", () => vas.aiHealth());
  const added = useAddress().searchParams.get("added");
  const isComing = added !== null && models.value?.items.every((model) => model.model_id !== added || !model.present);
  useWhileVisible(models.reload, isComing ? WAITING_RELOAD_MS : RELOAD_MS);

  if (models.value === null)
    return models.error ? (
      <Failure error={models.error} retry={models.reload} />
    ) : (
      <Loading what={registryText.theModels} />
    );
  const { items } = models.value;
  const coming = isComing && (
    <div className="notice" role="status">
      <span>{registryText.coming(added)}</span>
    </div>
  );
  if (items.length === 0)
    return (
      <>
        {coming}
        <Empty title={registryText.noneTitle}>
          <p>{health.value?.core.connected ? registryText.noneCoreThere : registryText.noneCoreAway}</p>
          <AddModel />
        </Empty>
      </>
    );

  return (
    <>
      {coming}
      <Assignments models={items} />
      <section aria-label={registryText.title} className="below">
        <div className="toolbar">
          <h1>{registryText.title}</h1>
          <span className="spring" />
          <AddModel />
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

function AddModel() {
  return (
    <May need="administer">
      <Link to={ADD_MODEL_PATH} className="button primary">
        {registryText.add}
      </Link>
    </May>
  );
}
