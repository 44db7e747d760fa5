import type { GatewayLimits } from "./limits.ts";
import { RequestRefusal } from "./refusal.ts";

/** The places in memory for requests with files. */
export interface UploadPlaces {
  /** The release. @throws RequestRefusal 429 when the account, or the process, has none left */
  take(account: string): () => void;
}

export function createUploadPlaces({
  uploadsAtOnce,
  uploadsPerAccount,
}: Pick<GatewayLimits, "uploadsAtOnce" | "uploadsPerAccount">): UploadPlaces {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take(account) {
      const own = taken.get(account) ?? 0;
      if (all >= uploadsAtOnce || own >= uploadsPerAccount)
        throw new RequestRefusal(429, "QUOTA", "Too many uploads at once: try again in a moment.", {
          "retry-after": "1",
        });
      all += 1;
      taken.set(account, own + 1);
      return () => {
        all -= 1;
        const left = taken.get(account)! - 1;
        if (left > 0) taken.set(account, left);
        else taken.delete(account);
      };
    },
  };
}
