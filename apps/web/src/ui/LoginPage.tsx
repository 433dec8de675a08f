import { type FormEvent, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useSite } from "../site.ts";
import { useTitle } from "./hooks.ts";
import { Failure, Field } from "./parts.tsx";

export function LoginPage(props: { onLoggedIn: () => void }) {
  const { vas } = useSite();
  const [username, setUsername] = useState("admin");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  useTitle("Log in");
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
      <form className="panel form" onSubmit={(event) => void submit(event)} aria-label="Log in">
        <h1>VAS</h1>
        <Field label="Name">
          <input
            type="text"
            value={username}
            autoComplete="username"
            required
            onChange={(event) => setUsername(event.target.value)}
          />
        </Field>
        <Field label="Password" hint="The first password was printed when VAS started for the first time.">
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
          {busy ? "Logging in…" : "Log in"}
        </button>
      </form>
    </main>
  );
}
