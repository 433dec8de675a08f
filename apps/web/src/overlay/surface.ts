import type { Surface } from "./pictures.ts";

/** A kept picture. It has no transparency, and it is not shown itself. */
export class CanvasSurface implements Surface<CanvasImageSource> {
  readonly canvas = new OffscreenCanvas(1, 1);
  readonly #pen = this.canvas.getContext("2d", { alpha: false });

  get width(): number {
    return this.canvas.width;
  }

  get height(): number {
    return this.canvas.height;
  }

  resize(width: number, height: number): void {
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  draw(source: CanvasImageSource): void {
    this.#pen?.drawImage(source, 0, 0, this.canvas.width, this.canvas.height);
  }
}
