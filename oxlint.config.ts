import { defineConfig } from "oxlint";

/** Who may import whom: a folder, and what it may take from the workspace. What is not named is refused. */
export const importTable: Record<string, string[]> = {
  "packages/core": [],
  "packages/models": [],
  "packages/engine": ["@prosopon/models"],
  "packages/service": ["@prosopon/core/contract", "@prosopon/engine"],
  "packages/graphql": ["@prosopon/core", "@prosopon/core/contract"],
  "packages/react-hooks": [],
  "apps/playground": ["@prosopon/react-hooks"],
};

const workspace = [
  "@prosopon/core",
  "@prosopon/core/contract",
  "@prosopon/core/file",
  "@prosopon/models",
  "@prosopon/engine",
  "@prosopon/service",
  "@prosopon/service/sqlite",
  "@prosopon/service/postgres",
  "@prosopon/service/s3",
  "@prosopon/service/transfer",
  "@prosopon/service/node",
  "@prosopon/graphql",
  "@prosopon/graphql/node",
  "@prosopon/graphql/bun",
  "@prosopon/graphql/deno",
  "@prosopon/react-hooks",
  "prosopon",
];

/**
 * The layers inside the service, arrows only downwards: what is in packages/service/src, and what of it each may import. What stands
 * beside the folders and is not named here, as limits.ts and clock.ts, is open to all.
 */
export const layers: Record<string, string[]> = {
  errors: [],
  matching: [],
  gallery: [],
  blobs: ["errors"],
  storage: ["errors", "blobs", "gallery"],
  input: ["errors", "storage"],
  auth: ["errors", "storage"],
  events: ["errors", "storage", "auth"],
  jobs: ["errors", "storage", "blobs", "input", "events", "matching"],
  http: ["errors", "storage", "blobs", "input", "auth", "events", "jobs", "matching"],
  adapters: ["http", "service.ts"],
};
/** What puts the layers together, and the doors: none of them may look up to these. */
const above = ["service.ts", "index.ts", "sqlite.ts", "postgres.ts", "s3.ts", "transfer.ts", "node.ts"];
/** Folders within a layer, at most: an import is told from one of a namesake within the layer by the folders that it climbs. */
const DEPTH = 5;

type Pattern = { regex: string; message: string };

function refused(folder: string): Pattern[] {
  const allowed = importTable[folder] ?? [];
  const names = workspace.filter((name) => !allowed.includes(name)).join("|");
  const says = allowed.length > 0 ? `only ${allowed.join(" and ")}` : "nothing";
  return [
    {
      // By name, or by a path that climbs out of the package into another's folder.
      regex: `^(${names})$|^(\\.\\./)+(packages|apps|bench|core|engine|models|service|graphql|react-hooks|server|playground)/`,
      message: `${folder} may import ${says} from the workspace (importTable in oxlint.config.ts).`,
    },
  ];
}

const noRuntime: Pattern = {
  regex: "^onnxruntime-",
  message: "Only packages/engine/src/sessions imports an ONNX runtime.",
};
const noBuiltIns: Pattern = {
  regex: "^node:",
  message: "core runs in browsers and workers: Node built-ins only in src/file*.",
};
const hooksOnly: Pattern = {
  regex: "^(urql|@urql/.*|graphql-ws|graphql)$",
  message: "The playground talks through the generated hooks only.",
};

const extra: Record<string, Pattern[]> = {
  "packages/core": [noBuiltIns],
  "packages/engine": [noRuntime],
  "apps/playground": [hooksOnly],
};

/** What a file so many folders deep in a layer may not import. */
function refusedInLayer(layer: string, depth: number): Pattern {
  const allowed = layers[layer] ?? [];
  const names = [...Object.keys(layers), ...above].filter(
    (name) => name !== layer && !allowed.includes(name),
  );
  const says = allowed.length > 0 ? `only ${allowed.join(", ")}` : "none";
  return {
    regex: `^(\\.\\./){${depth}}(${names.map((name) => name.replace(".", "\\.")).join("|")})(/|$)`,
    message: `The service's ${layer} may import ${says} of its other layers (layers in oxlint.config.ts).`,
  };
}

function restrict(files: string[], patterns: Pattern[]) {
  return {
    files,
    rules: { "no-restricted-imports": ["error", { patterns }] as ["error", { patterns: Pattern[] }] },
  };
}

export default defineConfig({
  plugins: ["typescript", "unicorn", "import", "oxc", "promise", "node"],
  categories: { correctness: "error", suspicious: "error" },
  ignorePatterns: ["**/dist/**", "**/generated/**", "**/*.generated.ts", "**/assembly/**"],
  rules: {
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "typescript/no-explicit-any": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    // Off, because each forbids what this code does on purpose.
    "import/no-named-as-default": "off",
    "import/no-named-as-default-member": "off",
    "import/no-unassigned-import": "off",
    "no-shadow": "off",
    "no-underscore-dangle": "off",
    "promise/always-return": "off",
    "typescript/consistent-return": "off",
    "typescript/no-unsafe-type-assertion": "off",
    "typescript/no-base-to-string": "off",
    "typescript/unbound-method": "off",
    "unicorn/consistent-function-scoping": "off",
    "unicorn/no-array-reverse": "off",
    "unicorn/no-array-sort": "off",
    "unicorn/prefer-add-event-listener": "off",
    "unicorn/require-post-message-target-origin": "off",
  },
  overrides: [
    // The parts of a test suite may know each other's types.
    { files: ["**/test/**"], rules: { "import/no-cycle": "error" } },
    ...Object.keys(importTable).map((folder) =>
      restrict([`${folder}/src/**`], [...refused(folder), ...(extra[folder] ?? [])]),
    ),
    ...Object.keys(layers).flatMap((layer) =>
      Array.from({ length: DEPTH }, (_, folders) =>
        restrict(
          [`packages/service/src/${layer}/${"*/".repeat(folders)}*.ts`],
          [...refused("packages/service"), refusedInLayer(layer, folders + 1)],
        ),
      ),
    ),
    restrict(["packages/core/src/file*", "packages/core/src/file/**"], refused("packages/core")),
    restrict(["packages/engine/src/sessions/**"], refused("packages/engine")),
  ],
});
