/** Masks of detections, for handlers; their form is the contract's. */
export { decodeMask, encodeMask, type Mask } from "@vas/contracts/mask.ts";
