/**
 * Reads frame numbers back from what the overlay shows: from the pixels of the picture, from the pixels of the drawn box,
 * and from what the layer says of itself. Every painted frame is looked at in the task that painted it.
 */
import { execFileSync } from "node:child_process";
import { ECHO_PLACES, echoPlace } from "@vas/testkit/echo-model/echo.ts";
import { readFrameNumber, readFrameNumberRgba } from "@vas/testkit/picture.ts";
import type { Locator, Page } from "playwright-core";

/** A colour that no test picture has. */
export const BOX_COLOUR = "#ff00ff";
/** The picture is read at this size, and only its top left part, where the number is. */
const [WIDTH, HEIGHT, PART_WIDTH, PART_HEIGHT] = [320, 180, 176, 29];
/** Between top and bottom of the echo model's box. */
const BOX_ROW = 0.76;

type Raw = {
  state: string;
  pts: number;
  /** RTP timestamp of the frame that the number was read from, where it is the playing one. */
  rtp: number | null;
  first: string;
  frames: string;
  ageTicks: string;
  delayTicks: number;
  /** Left edge of the drawn box as a fraction; null where there is none. */
  left: number | null;
  luma: string;
};

export type Seen = {
  state: string;
  pts: number;
  rtp: number | null;
  /** Read from the picture's pixels. */
  shown: number | null;
  /** What the drawn detection says. */
  drawn: number | null;
  /** Read from the drawn box's pixels: the number modulo 64. */
  place: number | null;
  /** The age that the layer claims, in frames that there are and in 90 kHz ticks; null where it claims none. */
  claimed: number | null;
  ageTicks: number | null;
  delayMs: number;
};

/**
 * Begins to look at every frame that is painted from now on.
 *
 * @param from `picture`: the number is read from the overlay's own picture; `video`: from the frame that the video element
 *   shows
 */
export async function watch(page: Page, from: "picture" | "video"): Promise<void> {
  await page.evaluate(
    ({ from, size, row }) => {
      const boxes = document.querySelector<HTMLCanvasElement>("canvas[data-testid=overlay]");
      const picture = document.querySelector<HTMLCanvasElement>("canvas[data-testid=overlay-picture]");
      const video = document.querySelector("video");
      if (!boxes || !picture || !video) throw new Error("there is no overlay on this page");
      const [width, height, partWidth, partHeight] = size;
      const small = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
      const pen = boxes.getContext("2d");
      if (!small || !pen) throw new Error("no canvas");
      const seen: unknown[] = [];
      const holder = window as unknown as { seen: unknown[]; watcher?: MutationObserver };
      holder.watcher?.disconnect();
      holder.seen = seen;
      let last = "";
      const look = () => {
        const { pts = "", state = "", first = "", frames = "", ageTicks = "", delayTicks = "0" } = boxes.dataset;
        const key = `${pts} ${first} ${ageTicks} ${state}`;
        if (pts === "" || key === last) return;
        last = key;
        let rtp: number | null = null;
        if (from === "picture") {
          if (picture.style.visibility !== "visible") return;
          small.drawImage(picture, 0, 0, width, height);
        } else {
          const frame = new VideoFrame(video);
          rtp = (frame as unknown as { metadata(): { rtpTimestamp?: number } }).metadata().rtpTimestamp ?? null;
          small.drawImage(frame, 0, 0, width, height);
          frame.close();
        }
        const { data } = small.getImageData(0, 0, partWidth, partHeight);
        let luma = "";
        for (let at = 1; at < data.length; at += 4) luma += String.fromCharCode(data[at] as number);
        const line = pen.getImageData(0, Math.round(boxes.height * row), boxes.width, 1).data;
        let edge = 0;
        while (edge < boxes.width && (line[edge * 4 + 3] as number) < 200) edge++;
        const half = (devicePixelRatio || 1) * 1;
        const left = edge === boxes.width ? null : (edge + half) / boxes.width;
        seen.push({
          state,
          pts: Number(pts),
          rtp,
          first,
          frames,
          ageTicks,
          delayTicks: Number(delayTicks),
          left,
          luma: btoa(luma),
        });
      };
      const watcher = new MutationObserver(look);
      watcher.observe(boxes, { attributes: true });
      holder.watcher = watcher;
    },
    { from, size: [WIDTH, HEIGHT, PART_WIDTH, PART_HEIGHT] as const, row: BOX_ROW },
  );
}

/** How many painted frames were looked at. */
export async function seenCount(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { seen: unknown[] }).seen.length);
}

/** Ends the watch. */
export async function seenFrames(page: Page): Promise<Seen[]> {
  const raw = await page.evaluate(() => {
    const holder = window as unknown as { seen: unknown[]; watcher: MutationObserver };
    holder.watcher.disconnect();
    return holder.seen as Raw[];
  });
  return raw.map(({ state, pts, rtp, first, frames, ageTicks, delayTicks, left, luma }) => ({
    state,
    pts,
    rtp,
    shown: readFrameNumber(Buffer.from(luma, "base64"), WIDTH, HEIGHT, PART_WIDTH),
    drawn: Number(/"(\d+)"/.exec(first)?.[1] ?? Number.NaN),
    place: left === null ? null : echoPlace(left),
    claimed: frames === "" ? null : Number(frames),
    ageTicks: ageTicks === "" ? null : Number(ageTicks),
    delayMs: delayTicks / 90,
  })) as Seen[];
}

/**
 * What is wrong with a frame whose results are said to be so old; null where nothing is.
 *
 * @param frameTicks between two burned numbers. A camera that leaves out a frame leaves out its number, so numbers count
 *   time and not the frames that there are
 */
export function wrong(one: Seen, frameTicks: number): string | null {
  const { shown, drawn, place, claimed, ageTicks } = one;
  if (shown === null) return `no number in the picture: ${JSON.stringify(one)}`;
  if (drawn === null || Number.isNaN(drawn) || claimed === null) return `nothing drawn: ${JSON.stringify(one)}`;
  const off = shown - drawn;
  if (off * frameTicks !== ageTicks) return `off by ${off} frames: ${JSON.stringify(one)}`;
  if (claimed > off || (claimed === 0) !== (off === 0)) return `frames are miscounted: ${JSON.stringify(one)}`;
  if (place !== drawn % ECHO_PLACES) return `the box is not the number's: ${JSON.stringify(one)}`;
  return null;
}

/** What a person sees: the screen's own pixels, number and box read from one shot. */
export async function onScreen(stage: Locator): Promise<{ shown: number | null; place: number | null }> {
  const png = await stage.screenshot({ type: "png" });
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const rgba = execFileSync("ffmpeg", "-v error -f png_pipe -i pipe:0 -f rawvideo -pix_fmt rgba pipe:1".split(" "), {
    input: png,
    maxBuffer: 64 * 1024 * 1024,
  });
  const row = Math.round(height * BOX_ROW);
  let left = 0;
  const isBox = (x: number) => {
    const at = (row * width + x) * 4;
    return (rgba[at] as number) > 200 && (rgba[at + 1] as number) < 80 && (rgba[at + 2] as number) > 200;
  };
  while (left < width && !isBox(left)) left++;
  return {
    shown: readFrameNumberRgba(rgba, width, height),
    place: left === width ? null : echoPlace((left + 1) / width),
  };
}
