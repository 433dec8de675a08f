/** OpenCV.js with the types of what is used of it. */
import { createRequire } from "node:module";

export type Mat = { data: Uint8Array; cols: number; rows: number; delete(): void };
type Vector<T> = { size(): number; get(at: number): T; delete(): void };
type Size = { width: number; height: number };
type HogDescriptor = {
  setSVMDetector(coefficients: Mat): void;
  detectMultiScale(
    picture: Mat,
    rects: Vector<Size & { x: number; y: number }>,
    weights: Vector<number>,
    hitThreshold: number,
    stride: Size,
    padding: Size,
    scale: number,
    finalThreshold: number,
    meanShift: boolean,
  ): void;
};

export type Cv = {
  CV_8UC1: number;
  CV_32F: number;
  Mat: new (rows: number, cols: number, type: number) => Mat;
  Size: new (width: number, height: number) => Size;
  RectVector: new () => Vector<Size & { x: number; y: number }>;
  DoubleVector: new () => Vector<number>;
  HOGDescriptor: { new (): HogDescriptor; getDefaultPeopleDetector(): Vector<number> };
  matFromArray(rows: number, cols: number, type: number, values: number[]): Mat;
};

/** Loads the library, which is one file with its WebAssembly inside; takes some 0.2 s. */
export async function loadOpenCv(): Promise<Cv> {
  const promised = createRequire(import.meta.url)("@techstark/opencv-js") as Promise<Cv & { then?: unknown }>;
  // The library that it resolves to has a `then` of its own, and awaiting it would never end. It is taken off first and
  // the library handed on inside an object.
  const { cv } = await new Promise<{ cv: Cv }>((resolve, reject) => {
    promised.then((loaded) => {
      delete loaded.then;
      resolve({ cv: loaded });
    }, reject);
  });
  return cv;
}
