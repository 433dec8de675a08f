import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // The content security policy allows no data: scripts and no inline ones; small assets stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // hls.js alone is above the default limit; it is loaded only by the recordings page.
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8080", ws: true } } },
});
