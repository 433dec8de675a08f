/** The few pieces every page is made of. */
import { cloneElement, type MouseEvent, type ReactElement, type ReactNode, useId } from "react";
import type { ApiError } from "../api/client.ts";
import { uiText } from "../strings/ui.ts";
import { navigate } from "./hooks.ts";

export function Link(props: {
  to: string;
  children: ReactNode;
  className?: string | undefined;
  current?: boolean | undefined;
  label?: string | undefined;
}) {
  const follow = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    navigate(props.to);
  };
  return (
    <a
      href={props.to}
      className={props.className}
      onClick={follow}
      aria-current={props.current ? "page" : undefined}
      aria-label={props.label}
    >
      {props.children}
    </a>
  );
}

export function Failure(props: { error: ApiError | null; retry?: (() => void) | undefined }) {
  if (!props.error) return null;
  return (
    <div className="notice bad" role="alert">
      <span>
        {props.error.message}
        {props.error.requestId && <small> ({uiText.request(props.error.requestId)})</small>}
      </span>
      {props.retry && (
        <button type="button" onClick={props.retry}>
          {uiText.tryAgain}
        </button>
      )}
    </div>
  );
}

/** Not seen for the first moment: most things are there before it. */
export function Loading(props: { what: string }) {
  return (
    <p className="loading" role="status">
      {uiText.loading(props.what)}
    </p>
  );
}

/** The shape of what will come, for places that would jump. Says nothing: a `Loading` beside it does. */
export function Skeleton(props: { lines?: number; picture?: boolean }) {
  return (
    <div className="skeleton" aria-hidden>
      {props.picture && <div className="skeleton-picture" />}
      {Array.from({ length: props.lines ?? 0 }, (_, line) => (
        <div key={line} className="skeleton-line" />
      ))}
    </div>
  );
}

/**
 * Nothing to show, why, and what to do about it.
 * @param props.page it is all there is on the page, so its title is the page's main heading
 */
export function Empty(props: { title: string; children?: ReactNode; icon?: ReactNode; page?: boolean }) {
  return (
    <div className="empty">
      {props.icon && <span className="empty-icon">{props.icon}</span>}
      {props.page ? <h1>{props.title}</h1> : <h2>{props.title}</h2>}
      {props.children}
    </div>
  );
}

type Control = ReactElement<{ id?: string; "aria-describedby"?: string; "aria-invalid"?: boolean }>;

/** A labelled control; its hint and its error describe it without being part of its name. */
export function Field(props: {
  label: string;
  hint?: ReactNode;
  error?: string | null | undefined;
  children: Control;
}) {
  const id = useId();
  const described = props.hint || props.error ? { "aria-describedby": `${id}-words` } : {};
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {props.label}
      </label>
      {cloneElement(props.children, { id, ...described, ...(props.error ? { "aria-invalid": true } : {}) })}
      <div id={`${id}-words`} className="field-words">
        {props.hint && <small className="quiet">{props.hint}</small>}
        {props.error && (
          <small className="bad-text" role="alert">
            {props.error}
          </small>
        )}
      </div>
    </div>
  );
}

export function Switch(props: {
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
  disabled?: boolean;
  hideLabel?: boolean;
}) {
  return (
    <label className="switch">
      <input
        type="checkbox"
        role="switch"
        checked={props.checked}
        disabled={props.disabled}
        aria-label={props.label}
        onChange={(event) => props.onChange(event.target.checked)}
      />
      {!props.hideLabel && <span>{props.label}</span>}
    </label>
  );
}

export type Fact = { name: string; value: ReactNode };

/** @param props.wide beside each other instead of one below the other */
export function Facts(props: { facts: Fact[]; wide?: boolean }) {
  return (
    <dl className={props.wide ? "facts wide" : "facts"}>
      {props.facts.map((fact) => (
        <div key={fact.name}>
          <dt>{fact.name}</dt>
          <dd>{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Badge(props: { tone: "good" | "warn" | "bad" | "plain"; children: ReactNode }) {
  return <span className={`badge ${props.tone}`}>{props.children}</span>;
}
