import type { ApiKey, ApiKeyCreated } from "@vas/contracts/http.ts";
import { type FormEvent, useRef, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useCameras, useSite } from "../site.ts";
import { peopleText } from "../strings/people.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { ago, shortTime } from "../ui/format.ts";
import { useLoad, useTitle } from "../ui/hooks.ts";
import { Badge, Empty, Facts, Failure, Field, Loading } from "../ui/parts.tsx";
import { useToast } from "../ui/toast.tsx";
import {
  endOf,
  endWords,
  type GrantForm,
  grantOf,
  grantWords,
  hasEnded,
  type Lifetime,
  LIFETIMES,
  roleName,
} from "./form.ts";
import { GrantFields } from "./GrantFields.tsx";
import { PeopleTabs } from "./PeopleTabs.tsx";

export function ApiKeysPage() {
  useTitle(peopleText.apiKeys);
  const { vas } = useSite();
  const keys = useLoad("api keys", () => vas.apiKeys());
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<ApiKeyCreated | null>(null);

  return (
    <section aria-label={peopleText.apiKeys}>
      <div className="toolbar">
        <h1>{peopleText.apiKeys}</h1>
        <PeopleTabs current="keys" />
        <span className="spring" />
        <button type="button" className="primary" onClick={() => setAdding(true)} disabled={adding}>
          {peopleText.makeKey}
        </button>
      </div>
      {made && <Shown key={made.id} made={made} onDone={() => setMade(null)} />}
      <Failure error={keys.error} retry={keys.reload} />
      {keys.value === null && !keys.error && <Loading what={peopleText.theKeys} />}
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
        <Empty title={peopleText.noKeys}>
          <p>{peopleText.noKeysWords}</p>
        </Empty>
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
    <div className="panel form person" role="status" aria-label={peopleText.newKey}>
      <Field label={peopleText.keyOf(made.name)} hint={peopleText.keyHint}>
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
          {copied ? peopleText.copied : peopleText.copy}
        </button>
        <button type="button" onClick={onDone}>
          {peopleText.kept}
        </button>
      </div>
    </div>
  );
}

function KeyForm(props: { onMade: (key: ApiKeyCreated) => void; onCancel: () => void }) {
  const { vas } = useSite();
  const [name, setName] = useState("");
  const [grant, setGrant] = useState<GrantForm>({ role: "viewer", allCameras: false, cameraIds: [] });
  const [lifetime, setLifetime] = useState<Lifetime>("never");
  const [error, setError] = useState<ApiError | null>(null);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const make = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (name.trim() === "") return;
    setBusy(true);
    const outcome = await vas.createApiKey({
      name: name.trim(),
      role: grant.role,
      ...grantOf(grant),
      ...endOf(lifetime, Date.now()),
    });
    setBusy(false);
    setError(outcome.ok ? null : outcome.error);
    if (outcome.ok) props.onMade(outcome.value);
  };
  return (
    <div className="panel person">
      <h2>{peopleText.makeKey}</h2>
      <form className="form settings" aria-label={peopleText.makeKey} onSubmit={(event) => void make(event)} noValidate>
        <Field
          label={peopleText.name}
          hint={peopleText.keyNameHint}
          error={tried && name.trim() === "" ? peopleText.keyNameMissing : null}
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
        <Field label={peopleText.ends} hint={peopleText.endsHint}>
          <select value={lifetime} onChange={(event) => setLifetime(event.target.value as Lifetime)}>
            {LIFETIMES.map((one) => (
              <option key={one} value={one}>
                {peopleText.lifetimes[one]}
              </option>
            ))}
          </select>
        </Field>
        <Failure error={error} />
        <div className="row wrap">
          <button type="submit" className="primary" disabled={busy}>
            {busy ? peopleText.making : peopleText.makeTheKey}
          </button>
          <button type="button" onClick={props.onCancel}>
            {peopleText.cancel}
          </button>
        </div>
      </form>
    </div>
  );
}

function Key(props: { of: ApiKey; onRevoked: () => void }) {
  const { of: key, onRevoked } = props;
  const { vas } = useSite();
  const toast = useToast();
  const { cameras } = useCameras();
  const [asking, setAsking] = useState(false);
  const now = new Date();
  const revoke = async () => {
    const outcome = await vas.revokeApiKey(key.id);
    if (!outcome.ok) return outcome.error;
    toast({ words: peopleText.revoked(key.name) });
    onRevoked();
    return null;
  };
  return (
    <li className="panel person" data-key={key.name}>
      <div className="row head">
        <h2>{key.name}</h2>
        <Badge tone="plain">{roleName(key.role)}</Badge>
        {hasEnded(key, now.getTime()) && <Badge tone="warn">{peopleText.hasEnded}</Badge>}
        <span className="spring" />
        <button
          type="button"
          className="danger"
          aria-label={peopleText.revokeOne(key.name)}
          onClick={() => setAsking(true)}
        >
          {peopleText.revoke}
        </button>
      </div>
      <Facts
        wide
        facts={[
          { name: peopleText.cameras, value: grantWords(key, cameras ?? []) },
          { name: peopleText.lastUsed, value: ago(key.last_used_at) },
          { name: peopleText.ends, value: endWords(key, now) },
          { name: peopleText.made, value: peopleText.madeBy(shortTime(key.created_at), key.created_by) },
        ]}
      />
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={peopleText.revokeQuestion(key.name)}
        action={peopleText.revokeKey}
        busyWords={peopleText.revoking}
        cancel={peopleText.keepIt}
        danger
        onConfirm={revoke}
      >
        {peopleText.revokeWords}
      </ConfirmDialog>
    </li>
  );
}
