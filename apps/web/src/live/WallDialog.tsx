import { useState } from "react";
import { liveText } from "../strings/live.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Link } from "../ui/parts.tsx";
import { EVERY_CHOICES, type Place, placePath, WALL_PATH } from "./place.ts";

export function WallDialog(props: { place: Place; pages: number; onClose: () => void }) {
  const [every, setEvery] = useState<number | null>(props.pages > 1 ? 20 : null);
  const path = placePath(WALL_PATH, { ...props.place, every });
  return (
    <Dialog
      open
      title={liveText.wallTitle}
      description={liveText.wallWords}
      onClose={props.onClose}
      actions={
        <Link to={path} className="button primary">
          {liveText.wallOpen}
        </Link>
      }
    >
      <div className="form">
        <Field label={liveText.wallEvery}>
          <select
            value={every ?? ""}
            onChange={(event) => setEvery(event.target.value === "" ? null : Number(event.target.value))}
          >
            <option value="">{liveText.wallNever}</option>
            {EVERY_CHOICES.map((choice) => (
              <option key={choice} value={choice}>
                {liveText.wallEverySeconds(choice)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={liveText.wallAddress}>
          <input
            type="text"
            readOnly
            value={new URL(path, location.href).href}
            onFocus={(event) => event.target.select()}
          />
        </Field>
      </div>
    </Dialog>
  );
}
