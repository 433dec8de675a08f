/** What is made of a chosen range, and how long and large it will be. */
import { useState } from "react";
import type { ApiError, Outcome } from "../api/client.ts";
import { useSite } from "../site.ts";
import { playbackText } from "../strings/playback.ts";
import { bytes } from "../ui/format.ts";
import { navigate, useLoad } from "../ui/hooks.ts";
import { Failure, Field } from "../ui/parts.tsx";
import { KEPT_PATH } from "../ui/route.ts";
import { useToast } from "../ui/toast.tsx";
import { lengthWords, momentWords } from "./lengths.ts";
import type { Range } from "./TimelineView.tsx";

const CLIP_MS = 3_600_000;
const EXPORT_MS = 24 * 3_600_000;

type Kind = "clip" | "copy" | "boxes";
type Props = {
  cameras: { id: string; name: string }[];
  range: Range;
  onRange: (range: Range) => void;
  onPlay: (atMs: number) => void;
};

export function RangePanel(props: Props) {
  const { fromMs, toMs } = props.range;
  const clear = () => props.onRange({ fromMs: null, toMs: null });
  return (
    <section className="panel stack range-panel" aria-label={playbackText.range}>
      <div className="row wrap">
        <h2>{playbackText.range}</h2>
        <span className="number" data-testid="range-words">
          {fromMs !== null && toMs !== null
            ? playbackText.rangeWords(momentWords(fromMs), momentWords(toMs, fromMs), lengthWords(toMs - fromMs))
            : playbackText.rangeOpen(fromMs === null ? null : momentWords(fromMs))}
        </span>
        <span className="spring" />
        {fromMs !== null && (
          <button type="button" onClick={() => props.onPlay(fromMs)}>
            {playbackText.playRange}
          </button>
        )}
        <button type="button" onClick={clear}>
          {playbackText.clearRange}
        </button>
      </div>
      {fromMs !== null && toMs !== null && toMs > fromMs && (
        <Maker cameras={props.cameras} fromMs={fromMs} toMs={toMs} onMade={clear} />
      )}
    </section>
  );
}

function Maker(props: { cameras: Props["cameras"]; fromMs: number; toMs: number; onMade: () => void }) {
  const { cameras, fromMs, toMs } = props;
  const { vas } = useSite();
  const toast = useToast();
  const lengthMs = toMs - fromMs;
  const [chosen, setKind] = useState<Kind | null>(null);
  const kind = chosen ?? (lengthMs > CLIP_MS ? "copy" : "clip");
  const [label, setLabel] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const [from, to] = [new Date(Math.round(fromMs)).toISOString(), new Date(Math.round(toMs)).toISOString()];
  const tooLong =
    lengthMs > EXPORT_MS
      ? playbackText.exportTooLong
      : kind === "clip" && lengthMs > CLIP_MS
        ? playbackText.clipTooLong
        : null;

  const make = async () => {
    setBusy(true);
    setError(null);
    const name = label.trim();
    for (const { id } of cameras) {
      const outcome: Outcome<unknown> =
        kind === "clip"
          ? await vas.createClip(id, from, to, name)
          : await vas.createExport(id, { from, to, boxes: kind === "boxes", ...(name ? { label: name } : {}) });
      if (outcome.ok) continue;
      setBusy(false);
      return setError(outcome.error);
    }
    setBusy(false);
    toast({
      words: kind === "clip" ? playbackText.clipMade : playbackText.exportBegun,
      action: {
        words: playbackText.showKept,
        run: () => navigate(`${KEPT_PATH}?kind=${kind === "clip" ? "clips" : "exports"}`),
      },
    });
    return props.onMade();
  };

  return (
    <>
      <Estimate cameras={cameras} from={from} to={to} lengthMs={lengthMs} />
      <div className="row wrap range-wish">
        <fieldset className="segmented">
          <legend className="visually-hidden">{playbackText.what}</legend>
          {(["clip", "copy", "boxes"] as const).map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={kind === one}
              disabled={one === "clip" && lengthMs > CLIP_MS}
              onClick={() => setKind(one)}
            >
              {playbackText.kinds[one]}
            </button>
          ))}
        </fieldset>
        <Field label={playbackText.rangeName}>
          <input
            type="text"
            value={label}
            maxLength={256}
            placeholder={playbackText.rangeNameHint}
            onChange={(event) => setLabel(event.target.value)}
          />
        </Field>
        <button type="button" className="primary" disabled={busy || tooLong !== null} onClick={() => void make()}>
          {busy ? playbackText.making : playbackText.make(playbackText.kinds[kind].toLowerCase(), cameras.length)}
        </button>
      </div>
      <p className="quiet">{tooLong ?? playbackText.kindHints[kind]}</p>
      <Failure error={error} />
    </>
  );
}

function Estimate(props: { cameras: Props["cameras"]; from: string; to: string; lengthMs: number }) {
  const { vas } = useSite();
  const { cameras, from, to, lengthMs } = props;
  const ids = cameras.map(({ id }) => id);
  const sizes = useLoad(`size ${ids.join()} ${from} ${to}`, async () => {
    let [recordedMs, sizeBytes] = [0, 0];
    for (const id of ids) {
      const outcome = await vas.footageSize(id, from, to);
      if (!outcome.ok) return outcome;
      recordedMs += outcome.value.recorded_ms;
      sizeBytes += outcome.value.size_bytes;
    }
    return { ok: true as const, value: { recordedMs, sizeBytes } };
  });
  if (sizes.error) return <Failure error={sizes.error} retry={sizes.reload} />;
  if (!sizes.value) return <p className="quiet">{playbackText.estimating}</p>;
  const { recordedMs, sizeBytes } = sizes.value;
  const missingMs = Math.max(0, lengthMs * cameras.length - recordedMs);
  return (
    <p className="number" data-testid="range-estimate">
      {recordedMs === 0
        ? playbackText.emptyRange
        : playbackText.estimate(bytes(sizeBytes), lengthWords(recordedMs)) +
          (missingMs >= 1000 ? `; ${playbackText.estimateGaps(lengthWords(missingMs))}` : "")}
      {cameras.length > 1 && <span className="quiet"> {playbackText.of(cameras.map(({ name }) => name))}</span>}
    </p>
  );
}
