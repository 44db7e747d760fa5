import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";

export const repository = join(import.meta.dirname, "../../..");
export const readText = (file: string): Promise<string> => readFile(join(repository, file), "utf8");

export interface ComposeService {
  image: string;
  build?: { context: string; dockerfile: string };
  command?: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  volumes?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  stop_grace_period?: string;
  logging?: { driver: string; options: Record<string, string> };
  deploy?: { resources: { limits: { cpus: string; memory: string; pids: number } } };
}

export interface Compose {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
}

export const readCompose = async (): Promise<Compose> =>
  parse(await readText("docker/compose.yaml"), { merge: true }) as Compose;

interface Probe {
  httpGet: { path: string; port: string };
}

export interface Container {
  args: string[];
  env?: { name: string; value?: string; valueFrom?: unknown }[];
  envFrom?: { secretRef: { name: string } }[];
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  resources: { requests?: Record<string, string>; limits: { memory: string } };
  securityContext: Record<string, unknown>;
}

export interface Workload {
  kind: string;
  metadata: { name?: string };
  spec: {
    selector?: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        terminationGracePeriodSeconds?: number;
        securityContext: Record<string, unknown>;
        containers: [Container];
        topologySpreadConstraints?: { topologyKey: string }[];
        volumes?: {
          name: string;
          emptyDir?: { sizeLimit: string; medium?: string };
          secret?: { secretName: string; items: { key: string; path: string }[] };
        }[];
      };
    };
  };
}

/** Every object of docker/kubernetes; Deployments and Jobs are workloads. */
export async function readKubernetes(): Promise<(Workload | { kind: string; spec: unknown })[]> {
  const texts = await Promise.all(
    ["network", "api", "worker", "migrate"].map((name) => readText(`docker/kubernetes/${name}.yaml`)),
  );
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Workload));
}

/** The Dockerfile's instructions, continued lines joined, by stage. */
export async function readDockerfile(): Promise<{ instruction: string; value: string }[][]> {
  const text = (await readText("docker/Dockerfile")).replaceAll(/^#.*\n/gm, "").replaceAll(/\\\n\s*/g, "");
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const stages: { instruction: string; value: string }[][] = [];
  for (const line of lines) {
    const [, instruction = "", value = ""] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (instruction === "FROM") stages.push([]);
    stages.at(-1)!.push({ instruction, value });
  }
  return stages;
}
