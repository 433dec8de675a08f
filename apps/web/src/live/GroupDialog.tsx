import type { Camera, CameraGroup } from "@vas/contracts/http.ts";
import { type FormEvent, useId, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useSite } from "../site.ts";
import { liveText } from "../strings/live.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Failure, Field } from "../ui/parts.tsx";

/** @param props.onStored the group's id, or null where it was deleted */
export function GroupDialog(props: {
  group: CameraGroup | null;
  cameras: readonly Camera[];
  onClose: () => void;
  onStored: (id: string | null) => void;
}) {
  const { group, cameras, onClose, onStored } = props;
  const { vas, groups } = useSite();
  const form = useId();
  const [name, setName] = useState(group?.name ?? "");
  const [chosen, setChosen] = useState<readonly string[]>(group?.camera_ids ?? []);
  const [tried, setTried] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const nameError = tried && name.trim() === "" ? liveText.groupNeedsName : undefined;

  const save = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (name.trim() === "" || chosen.length === 0) return;
    const wish = { name: name.trim(), camera_ids: [...chosen] };
    const outcome = group ? await vas.patchGroup(group.id, wish) : await vas.createGroup(wish);
    if (!outcome.ok) return setError(outcome.error);
    await groups.reload();
    onStored(outcome.value.id);
    onClose();
  };
  const remove = async () => {
    if (!group) return;
    const outcome = await vas.deleteGroup(group.id);
    if (!outcome.ok) return setError(outcome.error);
    await groups.reload();
    onStored(null);
    onClose();
  };

  if (isAsking && group)
    return (
      <Dialog
        open
        title={liveText.deleteGroupAsk(group.name)}
        description={liveText.deleteGroupWords}
        onClose={() => setAsking(false)}
        actions={
          <>
            <button type="button" onClick={() => setAsking(false)}>
              {liveText.keepGroup}
            </button>
            <button type="button" className="danger" onClick={() => void remove()}>
              {liveText.deleteGroup}
            </button>
          </>
        }
      >
        <Failure error={error} />
      </Dialog>
    );
  return (
    <Dialog
      open
      title={group ? liveText.editGroup : liveText.newGroup}
      description={liveText.groupShared}
      onClose={onClose}
      actions={
        <>
          {group && (
            <button type="button" className="danger" onClick={() => setAsking(true)}>
              {liveText.deleteGroup}
            </button>
          )}
          <span className="spring" />
          <button type="button" onClick={onClose}>
            {liveText.cancel}
          </button>
          <button type="submit" form={form} className="primary">
            {liveText.saveGroup}
          </button>
        </>
      }
    >
      <form id={form} className="form" onSubmit={(event) => void save(event)} noValidate>
        <Field label={liveText.groupName} error={nameError}>
          <input type="text" value={name} maxLength={64} onChange={(event) => setName(event.target.value)} />
        </Field>
        <fieldset className="stack">
          <legend className="field-label">{liveText.groupCameras}</legend>
          {tried && chosen.length === 0 && (
            <small className="bad-text" role="alert">
              {liveText.groupNeedsCamera}
            </small>
          )}
          <div className="group-cameras">
            {cameras.map(({ id, name: camera }) => (
              <label key={id} className="row">
                <input
                  type="checkbox"
                  checked={chosen.includes(id)}
                  onChange={({ target }) =>
                    // A camera that is added comes last; the order of the others stays.
                    setChosen(target.checked ? [...chosen, id] : chosen.filter((one) => one !== id))
                  }
                />
                <span>{camera}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <Failure error={error} />
      </form>
    </Dialog>
  );
}
