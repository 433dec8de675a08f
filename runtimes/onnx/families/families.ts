/** Every family that `output_schema.format` can name. */
import { decodeClassification } from "./classification.ts";
import { decodeDetr, decodeRtDetr } from "./detr.ts";
import { decodeFastestDet } from "./fastestdet.ts";
import type { Decode } from "./family.ts";
import { decodeSsd } from "./ssd.ts";
import { decodeYoloPose } from "./yolo-pose.ts";
import { decodeYoloSeg } from "./yolo-seg.ts";
import { decodeYolov5 } from "./yolov5.ts";
import { decodeEndToEnd, decodeYolov8 } from "./yolov8.ts";
import { decodeYolox } from "./yolox.ts";

/** `suppresses`: the network or the decoder has already dropped overlapping boxes. */
export type Family = { decode: Decode; suppresses: boolean };

export const FAMILIES: Readonly<Record<string, Family>> = {
  yolov5: { decode: decodeYolov5, suppresses: false },
  yolov7: { decode: decodeYolov5, suppresses: false },
  yolov8: { decode: decodeYolov8, suppresses: false },
  yolov9: { decode: decodeYolov8, suppresses: false },
  yolo11: { decode: decodeYolov8, suppresses: false },
  yolov10: { decode: decodeEndToEnd, suppresses: true },
  "yolo-end2end": { decode: decodeEndToEnd, suppresses: true },
  "yolo-pose": { decode: decodeYoloPose, suppresses: true },
  "yolo-seg": { decode: decodeYoloSeg, suppresses: true },
  yolox: { decode: decodeYolox, suppresses: false },
  fastestdet: { decode: decodeFastestDet, suppresses: false },
  detr: { decode: decodeDetr, suppresses: true },
  rtdetr: { decode: decodeRtDetr, suppresses: true },
  ssd: { decode: decodeSsd, suppresses: true },
  "ssd-yxyx": { decode: decodeSsd, suppresses: true },
  "ssd-pixels": { decode: decodeSsd, suppresses: true },
  classification: { decode: decodeClassification, suppresses: true },
};
