/**
 * Compiles assembly/scan.ts to WebAssembly and lays it into src/gallery/kernel.generated.ts.
 * `node build/kernel.ts` writes it; with `--check` it fails when the module is out of date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Compiler {
  main(
    args: string[],
    io: {
      readFile(name: string, base: string): string | null;
      writeFile(name: string, contents: string | Uint8Array): void;
      listFiles(): string[];
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
}
// By a name that the type checker cannot follow: the compiler's types redefine what `Array.at` returns, everywhere.
const compiler: string = "assemblyscript/asc";
const { default: asc } = (await import(compiler)) as { default: Compiler };

const directory = join(import.meta.dirname, "..");
const target = join(directory, "src/gallery/kernel.generated.ts");

const output: { binary?: Uint8Array } = {};
const { error, stderr } = await asc.main(
  [
    "scan.ts",
    "--baseDir",
    join(directory, "assembly"),
    "--outFile",
    "scan.wasm",
    "--runtime",
    "stub",
    "--importMemory",
    "--noExportMemory",
    "--initialMemory",
    "1",
    "--maximumMemory",
    "65536",
    "--memoryBase",
    "10240",
    "--enable",
    "simd",
    "-O3",
  ],
  {
    readFile: (name, base) => {
      try {
        return readFileSync(join(base, name), "utf8");
      } catch {
        return null;
      }
    },
    writeFile: (_name, contents) => {
      if (typeof contents !== "string") output.binary = contents;
    },
    listFiles: () => [],
  },
);
if (error || !output.binary)
  throw new Error(`The kernel does not compile: ${error?.message ?? ""}\n${stderr.toString()}`);

const text = `// Written by build/kernel.ts from assembly/scan.ts (${output.binary.length} bytes); never edited.
export const kernelBase64 =
  "${Buffer.from(output.binary).toString("base64")}";
`;

if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("kernel.generated.ts is out of date: run `node packages/service/build/kernel.ts`.");
  process.exitCode = 1;
}
