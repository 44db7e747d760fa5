import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `pnpm start` serves; another address by PROSOPON_URL. */
const target = process.env["PROSOPON_URL"] ?? "http://127.0.0.1:4000";
const proxy = { "/graphql": { target, ws: true }, "/demo-account.json": { target, changeOrigin: true } };

export default defineConfig({ plugins: [react()], server: { proxy }, preview: { proxy } });
