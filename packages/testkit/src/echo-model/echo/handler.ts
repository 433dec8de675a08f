/** Reads the burned frame number from the pixels and returns it. Nothing else of the frame is looked at. */
import type { Detection } from "@vas/contracts/inference.ts";
import { readFrameNumber } from "../../picture.ts";
import { echoBox } from "../echo.ts";

type Luma = { y: Uint8Array; width: number; height: number; stride: number };
type Context = { config: Record<string, unknown> };

/** `config.delay_ms` makes it slow, as a large network is. */
export async function handler(frame: Luma, { config }: Context): Promise<Detection[]> {
  const number = readFrameNumber(frame.y, frame.width, frame.height, frame.stride);
  const delayMs = typeof config.delay_ms === "number" ? config.delay_ms : 0;
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  if (number === null) return [];
  const text = String(number);
  return [{ class_id: 0, class_name: "frame", confidence: 1, bbox: echoBox(number), text, value: number }];
}
