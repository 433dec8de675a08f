import { Switch } from "../ui/parts.tsx";
import { colourOf } from "./draw.ts";
import type { OverlayReport } from "./Overlay.tsx";
import type { OverlaySettings } from "./settings.ts";

type Props = {
  settings: OverlaySettings;
  onChange: (settings: OverlaySettings) => void;
  models: string[];
  report: OverlayReport;
};

export function OverlayControls(props: Props) {
  const { settings, onChange, models, report } = props;
  const show = (model: string, visible: boolean) =>
    onChange({
      ...settings,
      hidden: visible ? settings.hidden.filter((one) => one !== model) : [...settings.hidden, model],
    });
  return (
    <fieldset className="panel overlay-controls">
      <legend className="visually-hidden">Overlay</legend>
      <div className="row wrap">
        <Switch label="Overlay" checked={settings.on} onChange={(on) => onChange({ ...settings, on })} />
        <label className="row">
          <span>Confidence from</span>
          <input
            type="range"
            min={0}
            max={100}
            step={1}
            aria-label="Confidence threshold"
            value={Math.round(settings.threshold * 100)}
            disabled={!settings.on}
            onChange={(event) => onChange({ ...settings, threshold: Number(event.target.value) / 100 })}
          />
          <output className="number">{Math.round(settings.threshold * 100)} %</output>
        </label>
        <label className="row">
          <input
            type="checkbox"
            checked={settings.labels}
            disabled={!settings.on}
            onChange={(event) => onChange({ ...settings, labels: event.target.checked })}
          />
          <span>Labels</span>
        </label>
      </div>
      {settings.on && models.length > 0 && (
        <div className="row wrap" role="group" aria-label="Models shown">
          {models.map((model) => (
            <label key={model} className="row">
              <input
                type="checkbox"
                checked={!settings.hidden.includes(model)}
                onChange={(event) => show(model, event.target.checked)}
              />
              <span className="swatch" style={{ background: colourOf(model) }} />
              <span>{model}</span>
            </label>
          ))}
        </div>
      )}
      <p className="quiet overlay-age" data-testid="overlay-age">
        {ageLine(settings.on, models.length, report)}
      </p>
    </fieldset>
  );
}

function ageLine(on: boolean, models: number, report: OverlayReport): string {
  if (!on) return "Overlays are off. Nothing about detections is sent to this browser.";
  if (report.error) return report.error;
  if (report.words.length > 0) return report.words.join("; ");
  return models === 0 ? "No model is assigned to this camera." : "No result within the last 2 s.";
}
