/**
 * The page of overlay-cost.ts: the web's own layer over a playing file. Frames are placed by their media time, which a file
 * has, instead of by RTP timestamps; results are made here and come so many milliseconds after their frame was shown.
 */
import type { Detection } from "@vas/contracts/inference.ts";
import type { Figures, Round } from "./overlay-round.ts";
import type { FrameResult } from "../src/overlay/declared.ts";
import type { Director, Shot } from "../src/overlay/director.ts";
import type { ShownFrame } from "../src/overlay/frame.ts";
import { OverlayLayer } from "../src/overlay/layer.ts";
import { PictureRing } from "../src/overlay/pictures.ts";
import type { Drawn } from "../src/overlay/results.ts";
import { LiveScene } from "../src/overlay/scene.ts";
import { type OverlaySettings, readOverlaySettings } from "../src/overlay/settings.ts";
import { CanvasSurface } from "../src/overlay/surface.ts";

class BenchDirector implements Director {
  readonly #scene = new LiveScene<CanvasImageSource, CanvasSurface>(new PictureRing(() => new CanvasSurface()));
  readonly #round: Round;
  readonly delayMs: number[] = [];
  #changed: () => void = () => {};
  #last = 0;

  constructor(round: Round) {
    this.#round = round;
  }

  start(changed: () => void): () => void {
    this.#changed = changed;
    return () => {
      this.#changed = () => {};
    };
  }

  look(shown: ShownFrame | null, settings: OverlaySettings, width: number, height: number): Shot {
    const now = performance.now();
    const pts90k = shown?.mediaTime == null ? null : Math.round(shown.mediaTime * 90_000);
    const isKept = settings.mode === "exact" && this.#scene.results.answering(now).length > 0;
    this.#scene.frame(pts90k, shown && isKept ? shown.picture : null, width, height);
    if (pts90k !== null && pts90k !== this.#last) {
      this.#last = pts90k;
      setTimeout(() => {
        this.#scene.result(resultOf(pts90k, this.#round.boxes), performance.now());
        this.#changed();
      }, this.#round.latencyMs);
    }
    const scene = this.#scene.scene(settings.mode, () => true, now);
    if (scene.state === "exact") this.delayMs.push(scene.delayTicks / 90);
    return { ...scene, picture: scene.picture && { source: scene.picture.surface.canvas, id: scene.picture.pts90k } };
  }

  framesOf({ ageTicks }: Drawn): number {
    return Math.round(ageTicks / 3_600);
  }

  models(): string[] {
    return this.#scene.results.models();
  }

  labels(): Record<string, string[]> {
    return {};
  }

  malformed(): number {
    return 0;
  }

  error(): null {
    return null;
  }

  bytes(): number {
    return this.#scene.ringBytes;
  }
}

/** Boxes that move from frame to frame, so that nothing of the last one can be used again. */
function resultOf(pts90k: number, count: number): FrameResult {
  const detections = Array.from({ length: count }, (_none, at): Detection => {
    const x = ((at * 37 + pts90k / 3_600) % 100) / 110;
    const y = ((at * 61 + pts90k / 3_600) % 97) / 110;
    return {
      class_id: at % 5,
      class_name: ["person", "car", "dog", "bag", "sign"][at % 5] as string,
      confidence: 0.5 + (at % 50) / 100,
      bbox: [x, y, x + 0.05, y + 0.08],
      track_id: at,
    };
  });
  return { model_id: "bench", frame_id: pts90k, pts90k, detections };
}

/** Plays one round. The video plays on from round to round. */
async function play(round: Round, seconds: number): Promise<Figures> {
  const [video, picture, boxes] = ["video", "#picture", "#boxes"].map((name) => document.querySelector(name)) as [
    HTMLVideoElement,
    HTMLCanvasElement,
    HTMLCanvasElement,
  ];
  const settings = { ...readOverlaySettings({ mode: round.mode }), on: true };
  let frames = 0;
  let isOver = false;
  const count = () => {
    frames++;
    if (!isOver) video.requestVideoFrameCallback(count);
  };
  video.requestVideoFrameCallback(count);
  const paintMs: number[] = [];
  let director: BenchDirector | null = null;
  let layer: OverlayLayer | null = null;
  if (round.mode !== "none") {
    director = new BenchDirector(round);
    layer = new OverlayLayer({
      video,
      picture,
      boxes,
      director,
      settings: () => settings,
      zoom: () => 1,
      zones: () => [],
      onReport: () => {},
    });
    const paint = layer.paint.bind(layer);
    layer.paint = () => {
      const start = performance.now();
      paint();
      paintMs.push(performance.now() - start);
    };
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  isOver = true;
  const memoryBytes = director?.bytes() ?? 0;
  layer?.close();
  picture.style.visibility = "hidden";
  boxes.getContext("2d")?.clearRect(0, 0, boxes.width, boxes.height);
  return { frames, paintMs, delayMs: director?.delayMs ?? [], memoryBytes };
}

Object.assign(window, { play });
