import { type FormEvent, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useSite } from "../site.ts";
import { uiText } from "../strings/ui.ts";
import { useTitle } from "./hooks.ts";
import { Failure, Field } from "./parts.tsx";

export function LoginPage(props: { onLoggedIn: () => void }) {
  const { vas } = useSite();
  const [username, setUsername] = useState("admin");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  useTitle(uiText.logIn);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    const outcome = await vas.login(username, password);
    setBusy(false);
    if (outcome.ok) props.onLoggedIn();
    else setError(outcome.error);
  };
  return (
    <main className="login">
      <form className="panel form" onSubmit={(event) => void submit(event)} aria-label={uiText.logIn}>
        <h1 className="brand">
          <img src="/icon.svg" alt="" width="32" height="32" />
          {uiText.brand}
        </h1>
        <Field label={uiText.name}>
          <input
            type="text"
            value={username}
            autoComplete="username"
            required
            onChange={(event) => setUsername(event.target.value)}
          />
        </Field>
        <Field label={uiText.password} hint={uiText.firstPassword}>
          <input
            type="password"
            value={password}
            autoComplete="current-password"
            required
            autoFocus
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
        <Failure error={error} />
        <button type="submit" className="primary" disabled={busy}>
          {busy ? uiText.loggingIn : uiText.logIn}
        </button>
      </form>
    </main>
  );
}
