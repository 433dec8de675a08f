/**
 * Two canvases exactly above the picture: one for a picture that is shown instead of the playing one, one for what was
 * found on it. Both are drawn in one go, so the screen never shows one without the other. The video element is only read.
 */
import type { Director, Shot } from "./director.ts";
import { type Chosen, draw, labelOf, type ModelZones } from "./draw.ts";
import { noteDrawn } from "./drawn-at.ts";
import { shownFrame } from "./frame.ts";
import { onDevicePixels, pictureRect } from "./geometry.ts";
import type { OverlaySettings } from "./settings.ts";
import { type OverlayReport, reportOf } from "./report.ts";
import { NO_SKELETONS, type Skeletons } from "./skeletons.ts";

const REPORT_MS = 250;
/** More pixels across than this cost more than they show. */
const MOST_ACROSS = 3_840;

export type LayerOptions = {
  video: HTMLVideoElement;
  picture: HTMLCanvasElement;
  boxes: HTMLCanvasElement;
  director: Director;
  settings: () => OverlaySettings;
  /** How much larger than laid out the stage is shown; canvases have so many pixels more, and lines stay as thin. */
  zoom: () => number;
  zones: () => readonly ModelZones[];
  /** None are declared where it is absent. */
  skeletons?: () => Skeletons;
  onReport: (report: OverlayReport) => void;
};

export class OverlayLayer {
  readonly #options: LayerOptions;
  readonly #picturePen: CanvasRenderingContext2D | null;
  readonly #boxesPen: CanvasRenderingContext2D | null;
  readonly #stop: () => void;
  #said: VideoFrameCallbackMetadata | null = null;
  #callback = 0;
  #pictureKey = "";
  #boxesKey: unknown[] = [];
  #chosen: Chosen[] = [];
  #shot: Shot | null = null;

  constructor(options: LayerOptions) {
    this.#options = options;
    const { video, director } = options;
    this.#picturePen = options.picture.getContext("2d", { alpha: false });
    this.#boxesPen = options.boxes.getContext("2d");
    options.picture.style.visibility = "hidden";
    const paint = () => this.paint();
    const stopDirector = director.start(paint);
    const observer = new ResizeObserver(paint);
    observer.observe(video);
    video.addEventListener("resize", paint);
    const onFrame: VideoFrameRequestCallback = (_now, said) => {
      this.#said = said;
      this.paint();
      this.#callback = video.requestVideoFrameCallback(onFrame);
    };
    const hasCallbacks = "requestVideoFrameCallback" in video;
    if (hasCallbacks) this.#callback = video.requestVideoFrameCallback(onFrame);
    const timer = setInterval(() => {
      this.paint();
      if (this.#shot) options.onReport(reportOf(this.#shot, director, options.settings()));
    }, REPORT_MS);
    this.#stop = () => {
      stopDirector();
      observer.disconnect();
      video.removeEventListener("resize", paint);
      clearInterval(timer);
      if (hasCallbacks) video.cancelVideoFrameCallback(this.#callback);
    };
  }

  close(): void {
    this.#stop();
  }

  /** Draws what there is to see now. Costs next to nothing where nothing changed. */
  paint(): void {
    const { video, director } = this.#options;
    const settings = this.#options.settings();
    const scale = devicePixelRatio || 1;
    const fitted = pictureRect(video.clientWidth, video.clientHeight, video.videoWidth, video.videoHeight);
    const rect = onDevicePixels(fitted, scale);
    const shown = shownFrame(video, this.#said);
    const zoom = this.#options.zoom();
    const detail = Math.max(1, Math.min(zoom, MOST_ACROSS / Math.max(1, rect.pixelWidth)));
    const pixelWidth = Math.round(rect.pixelWidth * detail);
    const pixelHeight = Math.round(rect.pixelHeight * detail);
    // Never more pixels than the picture has.
    const width = Math.min(pixelWidth, video.videoWidth);
    const height = Math.min(pixelHeight, video.videoHeight);
    const shot = director.look(shown, settings, width, height);
    this.#paintPicture(shot, rect, width, height);
    this.#paintBoxes(shot, settings, { ...rect, pixelWidth, pixelHeight }, (scale * detail) / zoom);
    shown?.close();
    this.#shot = shot;
  }

  #paintPicture(shot: Shot, rect: ReturnType<typeof onDevicePixels>, width: number, height: number): void {
    const canvas = this.#options.picture;
    const key = shot.picture ? `${shot.picture.id} ${width} ${height}` : "";
    if (key === this.#pictureKey && key === "") return;
    place(canvas, rect);
    if (key === this.#pictureKey) return;
    this.#pictureKey = key;
    canvas.style.visibility = shot.picture ? "visible" : "hidden";
    if (!shot.picture) return;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    this.#picturePen?.drawImage(shot.picture.source, 0, 0, width, height);
  }

  #paintBoxes(shot: Shot, settings: OverlaySettings, rect: ReturnType<typeof onDevicePixels>, scale: number): void {
    const { boxes, director } = this.#options;
    place(boxes, rect);
    const { pixelWidth, pixelHeight } = rect;
    const zones = this.#options.zones();
    const skeletons = this.#options.skeletons?.() ?? NO_SKELETONS;
    const key = [
      settings,
      skeletons,
      zones,
      scale,
      pixelWidth,
      pixelHeight,
      ...shot.drawn.flatMap((one) => [one.result, one.ageTicks > 0]),
    ];
    if (key.length !== this.#boxesKey.length || key.some((part, at) => part !== this.#boxesKey[at])) {
      this.#boxesKey = key;
      if (boxes.width !== pixelWidth) boxes.width = pixelWidth;
      if (boxes.height !== pixelHeight) boxes.height = pixelHeight;
      this.#chosen = this.#boxesPen
        ? draw(this.#boxesPen, shot.drawn, settings, pixelWidth, pixelHeight, scale, zones, skeletons)
        : [];
      const first = this.#chosen[0];
      say(boxes, "drawn", String(this.#chosen.length));
      say(boxes, "first", first ? labelOf(first.detection) : "");
    }
    // For the flight recorder; a result that was drawn before is noted no second time.
    for (const { result } of shot.drawn)
      noteDrawn(result.model_id, result.pts90k, performance.timeOrigin + performance.now());
    const oldest = shot.drawn.reduce((most, one) => Math.max(most, one.ageTicks), 0);
    const frames = shot.drawn.map((one) => director.framesOf(one, shot.pts90k));
    say(boxes, "state", shot.state);
    say(boxes, "ageTicks", shot.drawn.length === 0 ? "" : String(oldest));
    say(boxes, "frames", frames.length === 0 || frames.includes(null) ? "" : String(Math.max(...(frames as number[]))));
    say(boxes, "delayTicks", String(shot.delayTicks));
    say(boxes, "resultPts", newestOf(shot));
    // Last, so that whoever watches this one finds the others as they are drawn.
    say(boxes, "pts", shot.pts90k === null ? "" : String(shot.pts90k));
  }
}

function newestOf(shot: Shot): string {
  return shot.drawn.length === 0 ? "" : String(Math.max(...shot.drawn.map((one) => one.result.pts90k)));
}

function say(canvas: HTMLCanvasElement, name: string, value: string): void {
  if (canvas.dataset[name] !== value) canvas.dataset[name] = value;
}

function place(canvas: HTMLCanvasElement, rect: { x: number; y: number; width: number; height: number }): void {
  const { style } = canvas;
  const [left, top, width, height] = [rect.x, rect.y, rect.width, rect.height].map((value) => `${value}px`) as [
    string,
    string,
    string,
    string,
  ];
  if (style.left !== left) style.left = left;
  if (style.top !== top) style.top = top;
  if (style.width !== width) style.width = width;
  if (style.height !== height) style.height = height;
}
