import type { Session } from "@vas/contracts/http.ts";
import { type FormEvent, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useCameras, useSite } from "../site.ts";
import { ago, shortTime } from "../ui/format.ts";
import { useLoad, useTitle } from "../ui/hooks.ts";
import { Badge, Facts, Failure, Field, Loading } from "../ui/parts.tsx";
import { agentWords, passwordError, roleName } from "./form.ts";
import { useMe } from "./me.ts";

export function AccountPage() {
  useTitle("My account");
  const me = useMe();
  const { vas } = useSite();
  const { cameras } = useCameras();
  const sessions = useLoad("sessions", () => vas.sessions());
  const names = cameras?.map((camera) => camera.name).join(", ");
  return (
    <section aria-label="My account">
      <div className="toolbar">
        <h1>My account</h1>
      </div>
      <div className="split even">
        <div className="stack">
          <div className="panel">
            <h2>{me.username}</h2>
            <Facts
              facts={[
                { name: "Role", value: roleName(me.role) },
                { name: "Cameras", value: me.all_cameras ? "every camera" : names || "no camera yet" },
              ]}
            />
          </div>
          <PasswordPanel username={me.username} onChanged={sessions.reload} />
        </div>
        <div className="panel stack">
          <h2>Where you are logged in</h2>
          <Failure error={sessions.error} retry={sessions.reload} />
          {sessions.value === null && !sessions.error && <Loading what="the sessions" />}
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
  const differs = again === next ? undefined : "The two are not the same.";

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
    <form className="panel form" aria-label="Change the password" onSubmit={(event) => void change(event)} noValidate>
      <h2>Change the password</h2>
      <input type="text" hidden readOnly autoComplete="username" value={props.username} />
      <Field label="Old password" error={tried && old === "" ? "Give the password that you have now." : null}>
        <input
          type="password"
          autoComplete="current-password"
          value={old}
          onChange={(event) => setOld(event.target.value)}
        />
      </Field>
      <Field label="New password" hint="8 characters or more." error={tried ? tooShort : null}>
        <input
          type="password"
          autoComplete="new-password"
          value={next}
          onChange={(event) => setNext(event.target.value)}
        />
      </Field>
      <Field label="New password again" error={tried ? differs : null}>
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
          <span>The password is changed. You were logged out everywhere else.</span>
        </div>
      )}
      <div className="row">
        <button type="submit" className="primary" disabled={busy}>
          {busy ? "Changing…" : "Change"}
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
        <b>{words}</b> {session.current && <Badge tone="good">this browser</Badge>}
        <br />
        <small className="quiet">
          {session.address}, since {shortTime(session.created_at)}, last used {ago(session.last_used_at)}
        </small>
        <Failure error={error} />
      </span>
      {!session.current && (
        <button type="button" aria-label={`Log out ${words}`} onClick={() => void end()}>
          Log out
        </button>
      )}
    </li>
  );
}
