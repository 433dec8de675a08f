import type { AuditEntry } from "@vas/contracts/audit.ts";
import { useCallback, useEffect, useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useCameras, useSite } from "../site.ts";
import { healthText as text } from "../strings/health.ts";
import { fullTime } from "../ui/format.ts";
import { navigate, useAddress, useTitle } from "../ui/hooks.ts";
import { Failure, Field, Loading } from "../ui/parts.tsx";
import { AUDIT_PATH } from "./address.ts";
import { auditDetails, auditObject, auditQuery } from "./audit.ts";
import "./health.css";
import { HealthTabs } from "./HealthTabs.tsx";

/** Who changed what: filters in the address, newest first, older ones on demand. */
export function AuditPage() {
  useTitle(text.audit);
  const { vas } = useSite();
  const { cameras } = useCameras();
  const { searchParams } = useAddress();
  const filter = auditQuery(searchParams);
  const key = JSON.stringify(filter);
  const [state, setState] = useState<{ key: string; items: AuditEntry[]; next: string | null } | null>(null);
  const [error, setError] = useState<ApiError | null>(null);

  const load = useCallback(
    async (cursor: string | null) => {
      const outcome = await vas.audit({ ...(JSON.parse(key) as Record<string, string>), cursor });
      setError(outcome.ok ? null : outcome.error);
      if (!outcome.ok) return;
      const { items, next_cursor: next } = outcome.value;
      setState((old) => ({ key, items: cursor && old?.key === key ? [...old.items, ...items] : items, next }));
    },
    [vas, key],
  );
  useEffect(() => void load(null), [load]);
  const set = (name: string, value: string) => {
    const search = new URLSearchParams({ ...filter, [name]: value });
    if (value === "") search.delete(name);
    navigate(`${AUDIT_PATH}${search.size > 0 ? `?${search}` : ""}`, true);
  };
  const shown = state?.key === key ? state : null;

  return (
    <section aria-label={text.audit} className="stack">
      <h1>{text.audit}</h1>
      <HealthTabs current={AUDIT_PATH} />
      <p className="quiet">{text.auditIntro}</p>
      <div className="audit-filters">
        <Field label={text.who}>
          <input
            type="search"
            value={filter.actor ?? ""}
            placeholder={text.anyone}
            onChange={(event) => set("actor", event.target.value)}
          />
        </Field>
        <Field label={text.what}>
          <select value={filter.action ?? ""} onChange={(event) => set("action", event.target.value)}>
            <option value="">{text.anything}</option>
            {Object.entries(text.objects).map(([object, words]) => (
              <option key={object} value={object}>
                {words}
              </option>
            ))}
          </select>
        </Field>
        <Field label={text.camera}>
          <select value={filter.camera_id ?? ""} onChange={(event) => set("camera_id", event.target.value)}>
            <option value="">{text.anyCamera}</option>
            {cameras?.map((camera) => (
              <option key={camera.id} value={camera.id}>
                {camera.name}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <Failure error={error} retry={() => void load(null)} />
      {!shown && !error && <Loading what={text.theList} />}
      {shown?.items.length === 0 && <p className="quiet">{text.noEntries}</p>}
      {shown && shown.items.length > 0 && (
        <ul className="audit" aria-label={text.audit}>
          {shown.items.map((entry) => (
            <li key={entry.id} data-action={entry.action}>
              <p>
                <b>{entry.actor.name}</b> {text.action(entry.action)} {auditObject(entry)}
              </p>
              <small className="quiet">
                <time dateTime={entry.at}>{fullTime(entry.at)}</time>
                {" · "}
                {entry.actor.kind === "key" ? `${text.key}, ` : ""}
                {entry.address}
                {entry.session ? ` · ${text.session(entry.session.slice(0, 8))}` : ""}
                {auditDetails(entry) ? ` · ${auditDetails(entry)}` : ""}
              </small>
            </li>
          ))}
        </ul>
      )}
      {shown?.next && (
        <button type="button" onClick={() => void load(shown.next)}>
          {text.more}
        </button>
      )}
    </section>
  );
}
