import { read } from "./between.ts";

/** Folders of the packages that are imported. */
export const libraries = ["core", "engine", "models", "service", "graphql", "react-hooks"].map(
  (name) => `packages/${name}`,
);

/** Folders of all that goes to the registry. */
export const published = [...libraries, "apps/server"];

export interface Manifest {
  name: string;
  engines?: { node?: string };
  exports: Record<string, string | Record<string, string>>;
  optionalDependencies?: Record<string, string>;
}

export const manifestOf = (folder: string) => JSON.parse(read(`${folder}/package.json`)) as Manifest;
