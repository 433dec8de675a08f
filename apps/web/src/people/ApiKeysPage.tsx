import type { ApiKey, ApiKeyCreated } from "@vas/contracts/http.ts";
import { type FormEvent, useRef, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useCameras, useSite } from "../site.ts";
import { ago, shortTime } from "../ui/format.ts";
import { useLoad, useTitle } from "../ui/hooks.ts";
import { Badge, Facts, Failure, Field, Loading } from "../ui/parts.tsx";
import { type GrantForm, grantOf, grantWords, roleName } from "./form.ts";
import { GrantFields } from "./GrantFields.tsx";
import { PeopleTabs } from "./PeopleTabs.tsx";

export function ApiKeysPage() {
  useTitle("API keys");
  const { vas } = useSite();
  const keys = useLoad("api keys", () => vas.apiKeys());
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<ApiKeyCreated | null>(null);

  return (
    <section aria-label="API keys">
      <div className="toolbar">
        <h1>API keys</h1>
        <PeopleTabs current="keys" />
        <span className="spring" />
        <button type="button" onClick={() => setAdding(true)} disabled={adding}>
          Make a key
        </button>
      </div>
      {made && <Shown key={made.id} made={made} onDone={() => setMade(null)} />}
      <Failure error={keys.error} retry={keys.reload} />
      {keys.value === null && !keys.error && <Loading what="the API keys" />}
      {adding && (
        <KeyForm
          onMade={(key) => {
            setAdding(false);
            setMade(key);
            keys.reload();
          }}
          onCancel={() => setAdding(false)}
        />
      )}
      {keys.value?.items.length === 0 && !adding && (
        <p className="quiet">
          No keys. A program such as a home automation shows a key in place of a person's name and password.
        </p>
      )}
      <ul className="people">
        {keys.value?.items.map((key) => (
          <Key key={key.id} of={key} onRevoked={keys.reload} />
        ))}
      </ul>
    </section>
  );
}

/** The only time that the key is to be seen. */
function Shown(props: { made: ApiKeyCreated; onDone: () => void }) {
  const { made, onDone } = props;
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(made.key);
      setCopied(true);
    } catch {
      // Browsers keep the clipboard from pages without TLS: the key is selected and can be copied by hand.
      setCopied(false);
    }
  };
  return (
    <div className="panel form person" role="status" aria-label="The new key">
      <Field
        label={`Key of ${made.name}`}
        hint="Keep it now: it is not shown again. It goes into the header Authorization: Bearer, never into an address."
      >
        <input
          type="text"
          ref={field}
          className="secret"
          readOnly
          value={made.key}
          onFocus={() => field.current?.select()}
        />
      </Field>
      <div className="row wrap">
        <button type="button" className="primary" onClick={() => void copy()}>
          {copied ? "Copied" : "Copy"}
        </button>
        <button type="button" onClick={onDone}>
          I have kept it
        </button>
      </div>
    </div>
  );
}

function KeyForm(props: { onMade: (key: ApiKeyCreated) => void; onCancel: () => void }) {
  const { vas } = useSite();
  const [name, setName] = useState("");
  const [grant, setGrant] = useState<GrantForm>({ role: "viewer", allCameras: false, cameraIds: [] });
  const [error, setError] = useState<ApiError | null>(null);
  const [tried, setTried] = useState(false);
  const make = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (name.trim() === "") return;
    const outcome = await vas.createApiKey({ name: name.trim(), role: grant.role, ...grantOf(grant) });
    setError(outcome.ok ? null : outcome.error);
    if (outcome.ok) props.onMade(outcome.value);
  };
  return (
    <div className="panel person">
      <h2>Make a key</h2>
      <form className="form settings" aria-label="Make a key" onSubmit={(event) => void make(event)} noValidate>
        <Field
          label="Name"
          hint="The program that will use it."
          error={tried && name.trim() === "" ? "Give the key a name." : null}
        >
          <input
            type="text"
            value={name}
            maxLength={128}
            autoComplete="off"
            autoFocus
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <GrantFields form={grant} onChange={(change) => setGrant({ ...grant, ...change })} />
        <Failure error={error} />
        <div className="row wrap">
          <button type="submit" className="primary">
            Make the key
          </button>
          <button type="button" onClick={props.onCancel}>
            Cancel
          </button>
        </div>
      </form>
    </div>
  );
}

function Key(props: { of: ApiKey; onRevoked: () => void }) {
  const { of: key, onRevoked } = props;
  const { vas } = useSite();
  const { cameras } = useCameras();
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const revoke = async () => {
    const outcome = await vas.revokeApiKey(key.id);
    setAsking(false);
    setError(outcome.ok ? null : outcome.error);
    if (outcome.ok) onRevoked();
  };
  return (
    <li className="panel person" data-key={key.name}>
      <div className="row head">
        <h2>{key.name}</h2>
        <Badge tone="plain">{roleName(key.role)}</Badge>
        <span className="spring" />
        <button type="button" className="danger" aria-label={`Revoke ${key.name}`} onClick={() => setAsking(true)}>
          Revoke
        </button>
      </div>
      <Facts
        wide
        facts={[
          { name: "Cameras", value: grantWords(key, cameras ?? []) },
          { name: "Last used", value: ago(key.last_used_at) },
          { name: "Made", value: `${shortTime(key.created_at)} by ${key.created_by}` },
        ]}
      />
      <Failure error={error} />
      {asking && (
        <div className="notice warn" role="alertdialog" aria-label={`Revoke ${key.name}`}>
          <span>Revoke {key.name}? The program that uses it is locked out at once.</span>
          <button type="button" className="danger" onClick={() => void revoke()}>
            Revoke the key
          </button>
          <button type="button" onClick={() => setAsking(false)}>
            Keep it
          </button>
        </div>
      )}
    </li>
  );
}
