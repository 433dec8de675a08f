/** Takes away a model that came from the web, after saying which cameras use it. */
import type { AiModel } from "@vas/contracts/http.ts";
import { useState } from "react";
import { useMe } from "../people/me.ts";
import { useCameras, useSite } from "../site.ts";
import { registryText as text } from "../strings/registry.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { navigate, useLoad } from "../ui/hooks.ts";
import { Failure, Loading } from "../ui/parts.tsx";

import { useToast } from "../ui/toast.tsx";

export function RemoveModel(props: { model: AiModel; onRemoved: () => void }) {
  const { model, onRemoved } = props;
  const { vas } = useSite();
  const toast = useToast();
  const [isOpen, setOpen] = useState(false);
  const name = model.name ?? model.model_id;
  const remove = async () => {
    const outcome = await vas.removeModel(model.model_id);
    if (!outcome.ok) return outcome.error;
    toast({ words: text.removed(name) });
    // The address may still say that it was added.
    navigate("/models", true);
    onRemoved();
    return null;
  };
  return (
    <>
      <div className="row">
        <span className="spring" />
        <button type="button" className="danger" aria-label={text.removeName(name)} onClick={() => setOpen(true)}>
          {text.remove}
        </button>
      </div>
      <ConfirmDialog
        open={isOpen}
        onClose={() => setOpen(false)}
        title={text.removeTitle(name)}
        action={text.removeAction}
        busyWords={text.removing}
        cancel={text.keep}
        danger
        onConfirm={remove}
      >
        {isOpen && <Users modelId={model.model_id} />}
        <p>{text.removeWords}</p>
      </ConfirmDialog>
    </>
  );
}

/** Which cameras use it, as far as this person may see them. */
function Users(props: { modelId: string }) {
  const { vas } = useSite();
  const { cameras } = useCameras();
  const me = useMe();
  const assignments = useLoad("assignments", () => vas.assignments());
  if (assignments.error) return <Failure error={assignments.error} retry={assignments.reload} />;
  if (assignments.value === null || cameras === null) return <Loading what={text.theAssignments} />;
  const using = new Set(
    assignments.value.filter(({ model_id }) => model_id === props.modelId).map(({ camera_id }) => camera_id),
  );
  const names = cameras.filter(({ id }) => using.has(id)).map((camera) => camera.name);
  return (
    <p>
      {names.length === 0 ? text.noneUses : text.camerasUse(names.join(", "))}
      {!me.all_cameras && ` ${text.unseenUse}`}
    </p>
  );
}
