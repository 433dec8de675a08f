/**
 * OpenCV's HOG people detector on a small grey picture.
 *
 * The detector's windows carry a margin around the person, and its weights are distances from the SVM's hyperplane,
 * from 0 up to about 2.5. A confidence is their logistic 1 / (1 + e^(1 - 2w)): 0.27 at the hyperplane, 0.5 at 0.5, 0.73
 * at 1, 0.95 at 2. It orders detections; it is no probability that was ever calibrated.
 */
import { fractionSetting, type Handler } from "@vas/runtime-sdk/handler.ts";
import { suppress } from "@vas/runtime-sdk/nms.ts";
import { type Cv, loadOpenCv, type Mat } from "./opencv.ts";

const MAX_WIDTH = 640;
const MAX_HEIGHT = 360;
/** The least height of a picture that a window of 64x128 fits into. */
const WINDOW_WIDTH = 64;
const WINDOW_HEIGHT = 128;
const STRIDE = 8;
/** Each level of the pyramid is smaller by this. 1.1 takes half the time and finds two thirds of the people. */
const PYRAMID_SCALE = 1.05;
/** So many windows must agree on a person. */
const GROUPED = 2;
/** What a window has around the person, as fractions of its width and height. */
const MARGIN_X = 0.15;
const MARGIN_Y = 0.06;

export async function createHandler(): Promise<Handler> {
  const cv = await loadOpenCv();
  const detector = peopleDetector(cv);
  let picture: Mat | undefined;

  return (frame, { model, config }) => {
    const size = fit(frame.width, frame.height);
    if (size.width < WINDOW_WIDTH || size.height < WINDOW_HEIGHT) return [];
    if (picture?.cols !== size.width || picture.rows !== size.height) {
      picture?.delete();
      picture = new cv.Mat(size.height, size.width, cv.CV_8UC1);
    }
    // `data` is read anew each time: it lies in WebAssembly memory, which moves when it grows.
    frame.toGray(size, picture.data);
    const least = fractionSetting(config, "min_confidence", model.yaml.confidence_threshold ?? 0.5);
    const rects = new cv.RectVector();
    const weights = new cv.DoubleVector();
    try {
      const stride = new cv.Size(STRIDE, STRIDE);
      detector.detectMultiScale(picture, rects, weights, 0, stride, stride, PYRAMID_SCALE, GROUPED, false);
      const found = [];
      for (let at = 0; at < rects.size(); at++) {
        const confidence = confidenceOf(weights.get(at));
        if (confidence < least) continue;
        const { x, y, width, height } = rects.get(at);
        const bbox: [number, number, number, number] = [
          unit((x + width * MARGIN_X) / size.width),
          unit((y + height * MARGIN_Y) / size.height),
          unit((x + width * (1 - MARGIN_X)) / size.width),
          unit((y + height * (1 - MARGIN_Y)) / size.height),
        ];
        found.push({ class_id: 0, class_name: model.classNames[0] ?? "person", confidence, bbox });
      }
      return suppress(found, model.yaml.nms_iou_threshold ?? 0.4);
    } finally {
      rects.delete();
      weights.delete();
    }
  };
}

/** The logistic of an SVM weight, as the module's header says. */
export function confidenceOf(weight: number): number {
  return 1 / (1 + Math.exp(1 - 2 * weight));
}

function peopleDetector(cv: Cv) {
  const detector = new cv.HOGDescriptor();
  const coefficients = cv.HOGDescriptor.getDefaultPeopleDetector();
  const values = Array.from({ length: coefficients.size() }, (_, at) => coefficients.get(at));
  coefficients.delete();
  const column = cv.matFromArray(values.length, 1, cv.CV_32F, values);
  detector.setSVMDetector(column);
  column.delete();
  return detector;
}

/** The largest size with the frame's aspect ratio that fits, never larger than the frame. */
function fit(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

function unit(value: number): number {
  return Math.min(1, Math.max(0, value));
}
