import type { User } from "@vas/contracts/http.ts";
import { type FormEvent, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useSite } from "../site.ts";
import { peopleText } from "../strings/people.ts";
import { Failure, Field } from "../ui/parts.tsx";
import { changedPerson, makePassword, newPerson, type PersonForm as Form, personErrors } from "./form.ts";
import { GrantFields } from "./GrantFields.tsx";

type Props = {
  /** null for a new person. */
  user: User | null;
  /** A person's own password is changed on the account page. */
  isMe: boolean;
  onDone: (words: string) => void;
  onCancel: () => void;
};

export function PersonForm(props: Props) {
  const { user, isMe, onDone, onCancel } = props;
  const { vas } = useSite();
  const [form, setForm] = useState<Form>({
    username: user?.username ?? "",
    password: "",
    role: user?.role ?? "viewer",
    // Every camera comes with the administrator's role, and goes with it.
    allCameras: user?.role !== "administrator" && (user?.all_cameras ?? false),
    cameraIds: user?.camera_ids ?? [],
  });
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const errors = tried ? personErrors(form, user === null) : {};
  const change = (part: Partial<Form>) => setForm({ ...form, ...part });

  const save = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(personErrors(form, user === null)).length > 0) return;
    setBusy(true);
    const outcome = user
      ? await vas.patchUser(user.id, changedPerson(form, user.username))
      : await vas.createUser(newPerson(form));
    setBusy(false);
    setError(outcome.ok ? null : outcome.error);
    if (outcome.ok) onDone((user ? peopleText.changed : peopleText.added)(outcome.value.username));
  };

  return (
    <form
      className="form settings"
      aria-label={user ? peopleText.editOne(user.username) : peopleText.addPerson}
      onSubmit={(event) => void save(event)}
      noValidate
    >
      <Field label={peopleText.name} hint={user ? peopleText.renameHint : peopleText.nameHint} error={errors.username}>
        <input
          type="text"
          value={form.username}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus={user === null}
          onChange={(event) => change({ username: event.target.value })}
        />
      </Field>
      <GrantFields form={form} onChange={change} />
      {!isMe && (
        <Field
          label={user ? peopleText.newPassword : peopleText.password}
          hint={user ? peopleText.newPasswordHint : peopleText.passwordHint}
          error={errors.password}
        >
          <input
            type="text"
            className="secret"
            value={form.password}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => change({ password: event.target.value })}
          />
        </Field>
      )}
      <Failure error={error} />
      <div className="row wrap">
        <button type="submit" className="primary" disabled={busy}>
          {busy ? peopleText.saving : peopleText.save}
        </button>
        {!isMe && (
          <button
            type="button"
            onClick={() => change({ password: makePassword((bytes) => crypto.getRandomValues(bytes)) })}
          >
            {peopleText.makeUpPassword}
          </button>
        )}
        <button type="button" onClick={onCancel}>
          {peopleText.cancel}
        </button>
      </div>
    </form>
  );
}
