import type { Camera } from "@vas/contracts/http.ts";
import { type FormEvent, useEffect, useState } from "react";
import { eventsText } from "../strings/events.ts";
import { percent } from "../ui/format.ts";
import { Field } from "../ui/parts.tsx";
import { Slider } from "../ui/slider.tsx";
import { type EventFilters, isoOfField, localField, QUICK_TIMES, type TimeChoice } from "./filters.ts";
import { understand } from "./search.ts";

const TIMES: readonly TimeChoice[] = ["any", ...QUICK_TIMES, "custom"];

type Props = {
  filters: EventFilters;
  cameras: readonly Camera[];
  models: readonly { id: string; name: string }[];
  /** What stands in the list, and what models could find beside that. */
  seen: readonly string[];
  findable: readonly string[];
  /** Room for all that is used often; on a phone the pictures come first. */
  wide: boolean;
  onChange: (change: Partial<EventFilters>) => void;
};

export function FilterBar(props: Props) {
  const { filters, cameras, models, seen, findable, onChange } = props;
  const labels = [...new Set([...seen, ...findable, filters.label])].filter((label) => label !== "");
  const chooseTime = (time: TimeChoice) => onChange({ time, from: "", to: "" });
  const isMore = filters.model !== "" || filters.minConfidence > 0;
  const isUsual = filters.camera !== "" || filters.label !== "" || filters.reviewed !== "any";
  const usual = (
    <>
      <Field label={eventsText.camera}>
        <select value={filters.camera} onChange={(event) => onChange({ camera: event.target.value })}>
          <option value="">{eventsText.allCameras}</option>
          {cameras.map((camera) => (
            <option key={camera.id} value={camera.id}>
              {camera.name}
            </option>
          ))}
        </select>
      </Field>
      <Field label={eventsText.label}>
        <select value={filters.label} onChange={(event) => onChange({ label: event.target.value })}>
          <option value="">{eventsText.anything}</option>
          <Labels name={eventsText.inThisList} labels={seen} />
          <Labels name={eventsText.canBeFound} labels={labels.filter((label) => !seen.includes(label))} />
        </select>
      </Field>
      <Field label={eventsText.reviewed}>
        <select
          value={filters.reviewed}
          onChange={(event) => onChange({ reviewed: event.target.value as EventFilters["reviewed"] })}
        >
          {(["any", "no", "yes"] as const).map((choice) => (
            <option key={choice} value={choice}>
              {eventsText.reviewedChoices[choice]}
            </option>
          ))}
        </select>
      </Field>
    </>
  );
  const more = (
    <>
      <Field label={eventsText.model}>
        <select value={filters.model} onChange={(event) => onChange({ model: event.target.value })}>
          <option value="">{eventsText.allModels}</option>
          {[...models, ...(models.some((one) => one.id === filters.model) ? [] : [named(filters.model)])]
            .filter((model) => model.id !== "")
            .map((model) => (
              <option key={model.id} value={model.id}>
                {model.name}
              </option>
            ))}
        </select>
      </Field>
      <Confidence
        key={filters.minConfidence}
        value={filters.minConfidence}
        onDone={(minConfidence) => onChange({ minConfidence })}
      />
    </>
  );
  return (
    <div className="panel filters">
      <div className="filter-line">
        <SearchWords cameras={cameras} labels={labels} onFound={onChange} />
        <div className="chips" role="group" aria-label={eventsText.when}>
          {TIMES.map((time) => (
            <button key={time} type="button" aria-pressed={filters.time === time} onClick={() => chooseTime(time)}>
              {eventsText.times[time]}
            </button>
          ))}
        </div>
      </div>
      <form aria-label={eventsText.filters} onSubmit={(event) => event.preventDefault()}>
        {filters.time === "custom" && (
          <div className="filter-fields">
            <TypedField
              key={`from ${filters.from}`}
              label={eventsText.from}
              value={localField(filters.from)}
              onDone={(text) => onChange({ from: isoOfField(text) })}
            />
            <TypedField
              key={`to ${filters.to}`}
              label={eventsText.to}
              value={localField(filters.to)}
              onDone={(text) => onChange({ to: isoOfField(text) })}
            />
          </div>
        )}
        {props.wide && <div className="filter-fields">{usual}</div>}
        <details open={isMore || (!props.wide && isUsual) ? true : undefined}>
          <summary>{props.wide ? eventsText.moreFilters : eventsText.filters}</summary>
          <div className="filter-fields">
            {!props.wide && usual}
            {more}
          </div>
        </details>
      </form>
    </div>
  );
}

const named = (id: string) => ({ id, name: id });

function Labels(props: { name: string; labels: readonly string[] }) {
  if (props.labels.length === 0) return null;
  return (
    <optgroup label={props.name}>
      {props.labels.map((label) => (
        <option key={label} value={label}>
          {label}
        </option>
      ))}
    </optgroup>
  );
}

/** One line of words instead of a form: "person at the door yesterday". */
function SearchWords(props: {
  cameras: readonly Camera[];
  labels: readonly string[];
  onFound: (filters: Partial<EventFilters>) => void;
}) {
  const [text, setText] = useState("");
  const [unknown, setUnknown] = useState<string[]>([]);
  const search = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "") return;
    const understood = understand(text, props);
    setUnknown(understood.unknown);
    if (understood.unknown.length === 0) setText("");
    if (Object.keys(understood.filters).length > 0) props.onFound(understood.filters);
  };
  return (
    <form role="search" className="search-words" onSubmit={search}>
      <div className="row">
        <input
          type="search"
          id="event-search"
          aria-label={eventsText.search}
          placeholder={eventsText.searchHint}
          value={text}
          aria-describedby="event-search-words"
          onChange={(event) => {
            setText(event.target.value);
            setUnknown([]);
          }}
        />
        <button type="submit">{eventsText.searchGo}</button>
      </div>
      <small id="event-search-words" role="status" className="quiet">
        {unknown.length > 0 && eventsText.notUnderstood(unknown)}
      </small>
    </form>
  );
}

/** A time that acts when it is left or Enter is pressed, not at every digit. */
function TypedField(props: { label: string; value: string; onDone: (text: string) => void }) {
  const [text, setText] = useState(props.value);
  const done = () => {
    if (text !== props.value) props.onDone(text.trim());
  };
  return (
    <Field label={props.label}>
      <input
        type="datetime-local"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={done}
        onKeyDown={(event) => {
          if (event.key === "Enter") done();
        }}
      />
    </Field>
  );
}

function Confidence(props: { value: number; onDone: (value: number) => void }) {
  const [value, setValue] = useState(props.value);
  useEffect(() => setValue(props.value), [props.value]);
  return (
    <Slider
      label={eventsText.confidence}
      value={value}
      min={0}
      max={1}
      step={0.05}
      format={percent}
      onChange={setValue}
      onCommit={(done) => props.onDone(Math.round(done * 100) / 100)}
    />
  );
}
