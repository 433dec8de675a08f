/** What a person does to what plays: one bar for all cameras that are shown. */
import { playbackText } from "../strings/playback.ts";
import { fullTime } from "../ui/format.ts";
import { Badge } from "../ui/parts.tsx";
import type { Deck, DeckState } from "./deck.ts";
import { isInStep } from "./steer.ts";

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16];
export const JUMP_S = 5;
export const LEAP_S = 30;

type Props = {
  deck: Deck;
  state: DeckState;
  shownMs: number | null;
  speed: number;
  onSpeed: (speed: number) => void;
  onMove: (seconds: number) => void;
  children?: React.ReactNode;
};

export function ControlBar(props: Props) {
  const { deck, state, shownMs, speed } = props;
  const { playingMs, spreadMs } = state;
  const idle = playingMs === null;
  return (
    <div className="row wrap player-bar">
      <button type="button" className="primary play" onClick={() => deck.toggle()} disabled={idle}>
        {state.isPaused ? playbackText.play : playbackText.pause}
      </button>
      <div className="segmented" role="group" aria-label={playbackText.keys.frame}>
        <button
          type="button"
          onClick={() => deck.step(-1)}
          disabled={idle}
          aria-label={playbackText.previousFrame}
          title={`${playbackText.previousFrame} (,)`}
        >
          ‹|
        </button>
        <button
          type="button"
          onClick={() => deck.step(1)}
          disabled={idle}
          aria-label={playbackText.nextFrame}
          title={`${playbackText.nextFrame} (.)`}
        >
          |›
        </button>
      </div>
      <div className="segmented" role="group" aria-label={playbackText.keys.jump}>
        {[-LEAP_S, -JUMP_S, JUMP_S, LEAP_S].map((seconds) => (
          <button
            key={seconds}
            type="button"
            onClick={() => props.onMove(seconds)}
            disabled={shownMs === null}
            aria-label={seconds < 0 ? playbackText.back(-seconds) : playbackText.forward(seconds)}
          >
            {seconds < 0 ? `−${-seconds}` : `+${seconds}`}
          </button>
        ))}
      </div>
      <label className="row">
        <span className="visually-hidden">{playbackText.speed}</span>
        <select value={speed} onChange={(event) => props.onSpeed(Number(event.target.value))}>
          {SPEEDS.map((one) => (
            <option key={one} value={one}>
              {one}×
            </option>
          ))}
        </select>
      </label>
      {props.children}
      <span className="spring" />
      {spreadMs !== null && (
        <span data-testid="spread" data-ms={Math.round(spreadMs)}>
          <Badge tone={isInStep(spreadMs) ? "good" : "warn"}>
            {isInStep(spreadMs)
              ? playbackText.inStep(Math.round(spreadMs))
              : playbackText.outOfStep(Math.round(spreadMs))}
          </Badge>
        </span>
      )}
      <time
        className="number playing-time"
        data-testid="recording-time"
        dateTime={playingMs === null ? "" : new Date(playingMs).toISOString()}
      >
        {playingMs === null ? "" : fullTime(new Date(playingMs))}
      </time>
    </div>
  );
}
