/** Class names in a network's own metadata, for runtimes; what they look like is the contract's. */
export { namesFromMetadata } from "@vas/contracts/onnx-metadata.ts";
