/** What of the results is drawn, and how. Everything here acts in this browser only and asks VAS for nothing. */
import { overlayText } from "../strings/overlay.ts";
import { bytes } from "../ui/format.ts";
import { Switch } from "../ui/parts.tsx";
import { Popover } from "../ui/popover.tsx";
import { Slider } from "../ui/slider.tsx";
import { COLOURS, colourOf } from "./draw.ts";
import type { OverlayReport } from "./report.ts";
import { labelKey, type OverlaySettings, toggled } from "./settings.ts";

type Props = {
  settings: OverlaySettings;
  onChange: (settings: OverlaySettings) => void;
  /** Models to choose from, whether they said something or not. */
  models: string[];
  /** What people call them, by id. */
  names?: Record<string, string>;
  /** There are zones to be seen. */
  hasZones?: boolean;
  report: OverlayReport;
  isLive: boolean;
};

export function OverlayControls(props: Props) {
  const { settings, onChange, models, names = {}, report, isLive } = props;
  const change = (part: Partial<OverlaySettings>) => onChange({ ...settings, ...part });
  return (
    <fieldset className="panel overlay-controls">
      <legend className="visually-hidden">{overlayText.overlay}</legend>
      <div className="row wrap">
        <Switch label={overlayText.overlay} checked={settings.on} onChange={(on) => change({ on })} />
        {settings.on && (
          <>
            <div className="segmented" role="group" aria-label={overlayText.mode}>
              {(["exact", "fast"] as const).map((mode) => (
                <button key={mode} type="button" aria-pressed={settings.mode === mode} onClick={() => change({ mode })}>
                  {overlayText[mode]}
                </button>
              ))}
            </div>
            <Measured report={report} isLive={isLive} />
          </>
        )}
      </div>
      {settings.on && (
        <p className="quiet small">{settings.mode === "exact" ? overlayText.exactWords : overlayText.fastWords}</p>
      )}
      <p className="quiet overlay-age" data-testid="overlay-age">
        {ageLine(settings.on, models, names, report, isLive)}
      </p>
      {settings.on && models.length > 0 && (
        <div className="overlay-models" role="group" aria-label={overlayText.models}>
          {models.map((model) => (
            <Model
              key={model}
              model={model}
              name={names[model] ?? model}
              settings={settings}
              labels={report.labels[model] ?? []}
              change={change}
            />
          ))}
        </div>
      )}
      {settings.on && <Looks settings={settings} hasZones={props.hasZones ?? false} change={change} />}
    </fieldset>
  );
}

type Change = (part: Partial<OverlaySettings>) => void;

function Measured(props: { report: OverlayReport; isLive: boolean }) {
  const { report, isLive } = props;
  const { ageFrames, ageMs, delayMs, memoryBytes } = report;
  const isExact = report.state === "exact";
  return (
    <dl className="measured" data-testid="overlay-measured">
      <div>
        <dt>{overlayText.error}</dt>
        <dd data-testid="overlay-error">
          {ageMs === null || report.state === "approximate"
            ? overlayText.unknown
            : ageFrames === null
              ? `${Math.round(ageMs)} ms`
              : overlayText.frames(ageFrames)}
        </dd>
      </div>
      {isLive && (
        <div>
          <dt>{overlayText.delay}</dt>
          <dd data-testid="overlay-delay">{delayMs === null ? overlayText.unknown : `${Math.round(delayMs)} ms`}</dd>
        </div>
      )}
      {isLive && isExact && (
        <div>
          <dt>{overlayText.memory}</dt>
          <dd>{bytes(memoryBytes)}</dd>
        </div>
      )}
    </dl>
  );
}

function Model(props: { model: string; name: string; settings: OverlaySettings; labels: string[]; change: Change }) {
  const { model, name, settings, labels, change } = props;
  const isShown = !settings.hidden.includes(model);
  const hidden = labels.filter((label) => settings.hiddenLabels.includes(labelKey(model, label))).length;
  return (
    <div className="overlay-model">
      <div className="row">
        <Colour model={model} name={name} settings={settings} change={change} />
        <label className="row">
          <input
            type="checkbox"
            checked={isShown}
            onChange={(event) => change({ hidden: toggled(settings.hidden, model, !event.target.checked) })}
          />
          <span>{name}</span>
        </label>
      </div>
      {isShown && labels.length > 0 && (
        <details>
          <summary className="quiet">{overlayText.labelCount(labels.length, hidden)}</summary>
          <div className="row wrap" role="group" aria-label={overlayText.labelsOf(name)}>
            {labels.map((label) => {
              const key = labelKey(model, label);
              return (
                <label key={label} className="row">
                  <input
                    type="checkbox"
                    checked={!settings.hiddenLabels.includes(key)}
                    onChange={(event) =>
                      change({ hiddenLabels: toggled(settings.hiddenLabels, key, !event.target.checked) })
                    }
                  />
                  <span>{label}</span>
                </label>
              );
            })}
          </div>
        </details>
      )}
    </div>
  );
}

function Colour(props: { model: string; name: string; settings: OverlaySettings; change: Change }) {
  const { model, name, settings, change } = props;
  const chosen = colourOf(model, settings);
  const choose = (colour: string) => change({ colours: { ...settings.colours, [model]: colour } });
  return (
    <Popover
      label={overlayText.colourOf(name)}
      align="start"
      trigger={
        <button type="button" className="swatch" aria-label={overlayText.colourOf(name)}>
          <span style={{ background: chosen }} />
        </button>
      }
    >
      <div className="swatches">
        {Object.entries(COLOURS).map(([word, colour]) => (
          <button
            key={colour}
            type="button"
            className="swatch"
            aria-label={word}
            aria-pressed={colour === chosen}
            onClick={() => choose(colour)}
          >
            <span style={{ background: colour }} />
          </button>
        ))}
        <label className="row">
          <input
            type="color"
            aria-label={overlayText.ownColour}
            value={chosen}
            onChange={(event) => choose(event.target.value)}
          />
          <span aria-hidden>{overlayText.ownColour}</span>
        </label>
      </div>
    </Popover>
  );
}

function Looks(props: { settings: OverlaySettings; hasZones: boolean; change: Change }) {
  const { settings, change } = props;
  const percent = (value: number) => `${value} %`;
  return (
    <div className="overlay-looks">
      <Slider
        label={overlayText.threshold}
        value={Math.round(settings.threshold * 100)}
        format={(value) => (value === 0 ? overlayText.thresholdAll : overlayText.thresholdFrom(value))}
        onChange={(value) => change({ threshold: value / 100 })}
      />
      <Slider
        label={overlayText.opacity}
        value={Math.round(settings.opacity * 100)}
        min={10}
        step={5}
        format={percent}
        onChange={(value) => change({ opacity: value / 100 })}
      />
      <Slider
        label={overlayText.lineWidth}
        value={settings.lineWidth}
        min={1}
        max={8}
        format={(value) => `${value} px`}
        onChange={(lineWidth) => change({ lineWidth })}
      />
      <div className="row wrap">
        <label className="row">
          <input
            type="checkbox"
            checked={settings.labels}
            onChange={(event) => change({ labels: event.target.checked })}
          />
          <span>{overlayText.labels}</span>
        </label>
        {props.hasZones && (
          <label className="row">
            <input
              type="checkbox"
              checked={settings.zones}
              onChange={(event) => change({ zones: event.target.checked })}
            />
            <span>{overlayText.zones}</span>
          </label>
        )}
      </div>
    </div>
  );
}

function ageLine(
  on: boolean,
  models: string[],
  names: Record<string, string>,
  report: OverlayReport,
  isLive: boolean,
): string {
  if (!on) return overlayText.off;
  if (report.error) return report.error;
  if (models.length === 0) return isLive ? overlayText.noModelLive : overlayText.noModelRecorded;
  const ages = report.ages.map((age) => overlayText.age(names[age.model] ?? age.model, age)).join("; ");
  const words = [overlayText.state(report, isLive), ...(ages === "" ? [] : [`${ages}.`])];
  if (report.malformed > 0) words.push(overlayText.malformed(report.malformed));
  return words.join(" ");
}
