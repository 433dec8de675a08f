import type { Session } from "@vas/contracts/http.ts";
import { type FormEvent, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useCameras, useSite } from "../site.ts";
import { peopleText } from "../strings/people.ts";
import { ago, shortTime } from "../ui/format.ts";
import { useLoad, useTitle } from "../ui/hooks.ts";
import { Badge, Facts, Failure, Field, Loading } from "../ui/parts.tsx";
import { agentWords, passwordError, roleName } from "./form.ts";
import { useMe } from "./me.ts";

export function AccountPage() {
  useTitle(peopleText.myAccount);
  const me = useMe();
  const { vas } = useSite();
  const { cameras } = useCameras();
  const sessions = useLoad("sessions", () => vas.sessions());
  const names = cameras?.map((camera) => camera.name).join(", ");
  return (
    <section aria-label={peopleText.myAccount}>
      <div className="toolbar">
        <h1>{peopleText.myAccount}</h1>
      </div>
      <div className="split even">
        <div className="stack">
          <div className="panel">
            <h2>{me.username}</h2>
            <Facts
              facts={[
                { name: peopleText.role, value: roleName(me.role) },
                {
                  name: peopleText.cameras,
                  value: me.all_cameras ? peopleText.everyCamera : names || peopleText.noCameraYet,
                },
              ]}
            />
          </div>
          <PasswordPanel username={me.username} onChanged={sessions.reload} />
        </div>
        <div className="panel stack">
          <h2>{peopleText.whereLoggedIn}</h2>
          <Failure error={sessions.error} retry={sessions.reload} />
          {sessions.value === null && !sessions.error && <Loading what={peopleText.theSessions} />}
          <ul className="media">
            {sessions.value?.items.map((session) => (
              <SessionRow key={session.id} session={session} onEnded={sessions.reload} />
            ))}
          </ul>
        </div>
      </div>
    </section>
  );
}

function PasswordPanel(props: { username: string; onChanged: () => void }) {
  const { vas } = useSite();
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<{ error: ApiError | null } | null>(null);
  const tooShort = passwordError(next);
  const differs = again === next ? undefined : peopleText.notTheSame;

  const change = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    setDone(null);
    if (old === "" || tooShort || differs) return;
    setBusy(true);
    const outcome = await vas.changePassword({ old_password: old, new_password: next });
    setBusy(false);
    setDone({ error: outcome.ok ? null : outcome.error });
    if (!outcome.ok) return;
    for (const clear of [setOld, setNext, setAgain]) clear("");
    setTried(false);
    props.onChanged();
  };
  return (
    <form
      className="panel form"
      aria-label={peopleText.changePassword}
      onSubmit={(event) => void change(event)}
      noValidate
    >
      <h2>{peopleText.changePassword}</h2>
      <input type="text" hidden readOnly autoComplete="username" value={props.username} />
      <Field label={peopleText.oldPassword} error={tried && old === "" ? peopleText.oldPasswordMissing : null}>
        <input
          type="password"
          autoComplete="current-password"
          value={old}
          onChange={(event) => setOld(event.target.value)}
        />
      </Field>
      <Field label={peopleText.newPassword} hint={peopleText.passwordLength} error={tried ? tooShort : null}>
        <input
          type="password"
          autoComplete="new-password"
          value={next}
          onChange={(event) => setNext(event.target.value)}
        />
      </Field>
      <Field label={peopleText.newPasswordAgain} error={tried ? differs : null}>
        <input
          type="password"
          autoComplete="new-password"
          value={again}
          onChange={(event) => setAgain(event.target.value)}
        />
      </Field>
      <Failure error={done?.error ?? null} />
      {done && !done.error && (
        <div className="notice good" role="status">
          <span>{peopleText.passwordChanged}</span>
        </div>
      )}
      <div className="row">
        <button type="submit" className="primary" disabled={busy}>
          {busy ? peopleText.changing : peopleText.change}
        </button>
      </div>
    </form>
  );
}

function SessionRow(props: { session: Session; onEnded: () => void }) {
  const { session, onEnded } = props;
  const { vas } = useSite();
  const [error, setError] = useState<ApiError | null>(null);
  const words = agentWords(session.agent);
  const end = async () => {
    const outcome = await vas.endSession(session.id);
    setError(outcome.ok ? null : outcome.error);
    if (outcome.ok) onEnded();
  };
  return (
    <li>
      <span>
        <b>{words}</b> {session.current && <Badge tone="good">{peopleText.thisBrowser}</Badge>}
        <br />
        <small className="quiet">
          {peopleText.since(session.address, shortTime(session.created_at), ago(session.last_used_at))}
        </small>
        <Failure error={error} />
      </span>
      {!session.current && (
        <button type="button" aria-label={peopleText.logOutOne(words)} onClick={() => void end()}>
          {peopleText.logOut}
        </button>
      )}
    </li>
  );
}
