import { createContext } from "react";

/** The `fetch` that the provider was given, if any: it then carries uploads too, without their progress. */
export const FetchContext = createContext<typeof fetch | undefined>(undefined);
