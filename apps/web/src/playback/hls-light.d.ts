// The build without subtitles, DRM and alternate audio has the same types and ships none of its own.
declare module "hls.js/light" {
  export * from "hls.js";
  export { default } from "hls.js";
}
