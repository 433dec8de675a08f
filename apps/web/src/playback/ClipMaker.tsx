import { useState } from "react";
import type { ApiError } from "../api/client.ts";
import { clipVideo } from "../api/vas.ts";
import { useSite } from "../site.ts";
import { clockTime, duration } from "../ui/format.ts";
import { Failure, Field } from "../ui/parts.tsx";

export type Marks = { fromMs: number | null; toMs: number | null };

type Props = {
  cameraId: string;
  playingMs: number | null;
  marks: Marks;
  onMarks: (marks: Marks) => void;
  onMade: () => void;
};

export function ClipMaker(props: Props) {
  const { cameraId, playingMs, marks, onMarks, onMade } = props;
  const { vas } = useSite();
  const [label, setLabel] = useState("");
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<{ error: ApiError | null; words: string; clip: string | null } | null>(null);
  const { fromMs, toMs } = marks;
  const ready = fromMs !== null && toMs !== null && toMs > fromMs;

  const make = async () => {
    if (fromMs === null || toMs === null) return;
    setBusy(true);
    setDone(null);
    const outcome = await vas.createClip(
      cameraId,
      new Date(fromMs).toISOString(),
      new Date(toMs).toISOString(),
      label.trim(),
    );
    setBusy(false);
    setDone({
      error: outcome.ok ? null : outcome.error,
      words: "The clip is made.",
      clip: outcome.ok ? outcome.value.id : null,
    });
    if (!outcome.ok) return;
    onMarks({ fromMs: null, toMs: null });
    setLabel("");
    onMade();
  };
  const snapshot = async () => {
    if (playingMs === null) return;
    setDone(null);
    const outcome = await vas.takeSnapshot(cameraId, new Date(playingMs).toISOString());
    setDone({ error: outcome.ok ? null : outcome.error, words: "The snapshot is taken.", clip: null });
    if (outcome.ok) onMade();
  };

  return (
    <section className="panel stack" aria-label="Make a clip">
      <h2>Make a clip</h2>
      <div className="pair">
        <button type="button" disabled={playingMs === null} onClick={() => onMarks({ ...marks, fromMs: playingMs })}>
          Mark start
        </button>
        <button type="button" disabled={playingMs === null} onClick={() => onMarks({ ...marks, toMs: playingMs })}>
          Mark end
        </button>
      </div>
      <p className="quiet">{marksWords(marks)}</p>
      <Field label="Label">
        <input type="text" value={label} maxLength={256} onChange={(event) => setLabel(event.target.value)} />
      </Field>
      <div className="row wrap">
        <button type="button" className="primary" disabled={!ready || busy} onClick={() => void make()}>
          {busy ? "Making the clip…" : "Make a clip"}
        </button>
        <button type="button" disabled={playingMs === null} onClick={() => void snapshot()}>
          Take snapshot
        </button>
      </div>
      {done?.error && <Failure error={done.error} />}
      {done && !done.error && (
        <div className="notice good" role="status">
          <span>{done.words}</span>
          {done.clip && (
            <a href={clipVideo(done.clip)} download>
              Download
            </a>
          )}
        </div>
      )}
    </section>
  );
}

function marksWords({ fromMs, toMs }: Marks): string {
  if (fromMs === null && toMs === null) return "Play to a moment and mark it, then the other end.";
  if (fromMs !== null && toMs !== null) {
    if (toMs <= fromMs) return "The end is before the start: mark one of them again.";
    return `${clockTime(new Date(fromMs))} to ${clockTime(new Date(toMs))}, ${duration((toMs - fromMs) / 1000)}.`;
  }
  return fromMs !== null
    ? `From ${clockTime(new Date(fromMs))}; now mark the end.`
    : `To ${clockTime(new Date(toMs as number))}; now mark the start.`;
}
