import { bytes } from "../ui/format.ts";
import { Switch } from "../ui/parts.tsx";
import { colourOf } from "./draw.ts";
import { type OverlayReport, stateWords } from "./report.ts";
import { labelKey, type OverlaySettings, toggled } from "./settings.ts";

type Props = {
  settings: OverlaySettings;
  onChange: (settings: OverlaySettings) => void;
  /** Models to choose from, whether they said something or not. */
  models: string[];
  report: OverlayReport;
  isLive: boolean;
};

export function OverlayControls(props: Props) {
  const { settings, onChange, models, report, isLive } = props;
  const change = (part: Partial<OverlaySettings>) => onChange({ ...settings, ...part });
  return (
    <fieldset className="panel overlay-controls">
      <legend className="visually-hidden">Overlay</legend>
      <div className="row wrap">
        <Switch label="Overlay" checked={settings.on} onChange={(on) => change({ on })} />
        {settings.on && (
          <>
            <div className="segmented" role="group" aria-label="Overlay mode">
              {(["exact", "fast"] as const).map((mode) => (
                <button key={mode} type="button" aria-pressed={settings.mode === mode} onClick={() => change({ mode })}>
                  {mode === "exact" ? "Exact" : "Fast"}
                </button>
              ))}
            </div>
            <Measured report={report} isLive={isLive} />
          </>
        )}
      </div>
      <p className="quiet overlay-age" data-testid="overlay-age">
        {ageLine(settings.on, models.length, report, isLive)}
      </p>
      {settings.on && models.length > 0 && (
        <div className="overlay-models" role="group" aria-label="Models shown">
          {models.map((model) => (
            <Model key={model} model={model} settings={settings} labels={report.labels[model] ?? []} change={change} />
          ))}
        </div>
      )}
      {settings.on && <Looks settings={settings} change={change} />}
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
        <dt>Error</dt>
        <dd data-testid="overlay-error">
          {ageMs === null || report.state === "approximate"
            ? "unknown"
            : ageFrames === null
              ? `${Math.round(ageMs)} ms`
              : `${ageFrames} ${ageFrames === 1 ? "frame" : "frames"}`}
        </dd>
      </div>
      {isLive && (
        <div>
          <dt>Delay</dt>
          <dd data-testid="overlay-delay">{delayMs === null ? "unknown" : `${Math.round(delayMs)} ms`}</dd>
        </div>
      )}
      {isLive && isExact && (
        <div>
          <dt>Memory</dt>
          <dd>{bytes(memoryBytes)}</dd>
        </div>
      )}
    </dl>
  );
}

function Model(props: { model: string; settings: OverlaySettings; labels: string[]; change: Change }) {
  const { model, settings, labels, change } = props;
  const isShown = !settings.hidden.includes(model);
  return (
    <div className="overlay-model">
      <div className="row">
        <label className="row">
          <input
            type="checkbox"
            checked={isShown}
            onChange={(event) => change({ hidden: toggled(settings.hidden, model, !event.target.checked) })}
          />
          <span>{model}</span>
        </label>
        <input
          type="color"
          aria-label={`Colour of ${model}`}
          value={colourOf(model, settings)}
          disabled={!isShown}
          onChange={(event) => change({ colours: { ...settings.colours, [model]: event.target.value } })}
        />
      </div>
      {isShown && labels.length > 0 && (
        <details>
          <summary className="quiet">{labelsWords(model, labels, settings)}</summary>
          <div className="row wrap" role="group" aria-label={`Labels of ${model}`}>
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

function labelsWords(model: string, labels: string[], settings: OverlaySettings): string {
  const hidden = labels.filter((label) => settings.hiddenLabels.includes(labelKey(model, label))).length;
  const count = `${labels.length} ${labels.length === 1 ? "label" : "labels"}`;
  return hidden === 0 ? count : `${count}, ${hidden} hidden`;
}

function Looks(props: { settings: OverlaySettings; change: Change }) {
  const { settings, change } = props;
  return (
    <div className="row wrap overlay-looks">
      <Slider
        name="Confidence from"
        label="Confidence threshold"
        value={Math.round(settings.threshold * 100)}
        range={[0, 100, 1]}
        unit="%"
        onChange={(value) => change({ threshold: value / 100 })}
      />
      <Slider
        name="Opacity"
        label="Opacity"
        value={Math.round(settings.opacity * 100)}
        range={[10, 100, 5]}
        unit="%"
        onChange={(value) => change({ opacity: value / 100 })}
      />
      <Slider
        name="Lines"
        label="Line width"
        value={settings.lineWidth}
        range={[1, 8, 1]}
        unit="px"
        onChange={(value) => change({ lineWidth: value })}
      />
      <label className="row">
        <input
          type="checkbox"
          checked={settings.labels}
          onChange={(event) => change({ labels: event.target.checked })}
        />
        <span>Labels</span>
      </label>
    </div>
  );
}

function Slider(props: {
  name: string;
  label: string;
  value: number;
  range: [least: number, most: number, step: number];
  unit: string;
  onChange: (value: number) => void;
}) {
  const [min, max, step] = props.range;
  return (
    <label className="row">
      <span>{props.name}</span>
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        aria-label={props.label}
        value={props.value}
        onChange={(event) => props.onChange(Number(event.target.value))}
      />
      <output className="number">
        {props.value} {props.unit}
      </output>
    </label>
  );
}

function ageLine(on: boolean, models: number, report: OverlayReport, isLive: boolean): string {
  if (!on) return "Overlays are off. Nothing about detections is sent to this browser.";
  if (report.error) return report.error;
  if (models === 0)
    return isLive ? "No model is assigned to this camera." : "No model has a result at this time of the recording.";
  const words = [stateWords(report, isLive), ...(report.words.length > 0 ? [`${report.words.join("; ")}.`] : [])];
  if (report.malformed > 0) words.push(`Not understood and not drawn: ${report.malformed}.`);
  return words.join(" ");
}
