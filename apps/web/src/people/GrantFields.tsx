import type { Role } from "@vas/contracts/http.ts";
import { useCameras } from "../site.ts";
import { peopleText } from "../strings/people.ts";
import { Field, Switch } from "../ui/parts.tsx";
import { type GrantForm, ROLES } from "./form.ts";

/** The role, and the cameras where the role does not have them all anyway. */
export function GrantFields(props: { form: GrantForm; onChange: (change: Partial<GrantForm>) => void }) {
  const { form, onChange } = props;
  const { cameras } = useCameras();
  const toggle = (id: string, on: boolean) =>
    onChange({ cameraIds: on ? [...form.cameraIds, id] : form.cameraIds.filter((one) => one !== id) });
  return (
    <>
      <Field label={peopleText.role} hint={peopleText.roles[form.role].words}>
        <select value={form.role} onChange={(event) => onChange({ role: event.target.value as Role })}>
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {peopleText.roles[role].name}
            </option>
          ))}
        </select>
      </Field>
      {form.role !== "administrator" && (
        <fieldset className="field">
          <legend className="field-label">{peopleText.cameras}</legend>
          <Switch
            label={peopleText.everyCameraToCome}
            checked={form.allCameras}
            onChange={(allCameras) => onChange({ allCameras })}
          />
          {!form.allCameras && (
            <ul className="choices">
              {cameras?.map((camera) => (
                <li key={camera.id}>
                  <label className="row">
                    <input
                      type="checkbox"
                      checked={form.cameraIds.includes(camera.id)}
                      onChange={(event) => toggle(camera.id, event.target.checked)}
                    />
                    {camera.name}
                  </label>
                </li>
              ))}
            </ul>
          )}
          {!form.allCameras && cameras?.length === 0 && <p className="quiet">{peopleText.noCameras}</p>}
        </fieldset>
      )}
    </>
  );
}
