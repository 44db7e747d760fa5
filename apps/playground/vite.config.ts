import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** While developing: where a server runs (`pnpm start`). */
const server = process.env["PROSOPON_URL"] ?? "http://127.0.0.1:4000";

export default defineConfig({
  plugins: [react()],
  build: { target: "es2023", modulePreload: { polyfill: false }, chunkSizeWarningLimit: 600 },
  server: {
    proxy: {
      "/graphql": { target: server, ws: true },
      "/demo-account.json": { target: server, changeOrigin: true },
    },
  },
});
