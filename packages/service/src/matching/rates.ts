import type { Calibration } from "@prosopon/engine";

/** How often strangers come how near in one comparison. */
export interface Rates {
  /**
   * On a logarithmic scale between the measured points. Above the highest cosine its last slope goes on, which is an upper estimate:
   * the tail of impostors falls faster. Below the lowest the first slope goes on, up to 1.
   */
  rateAt(cosine: number): number;
  /** The cosine that strangers reach no more often than this; the inverse of `rateAt`. */
  cosineAt(rate: number): number;
}

export function createRates({ falseMatchRates: measured }: Calibration): Rates {
  /** The measured points on either side, or the two nearest. */
  const around = (isAbove: (point: (typeof measured)[number]) => boolean) => {
    const at = measured.findLastIndex(isAbove);
    const first = Math.min(Math.max(at, 0), measured.length - 2);
    return [measured[first]!, measured[first + 1]!] as const;
  };
  return {
    rateAt(cosine) {
      const [[high, rare], [low, often]] = around(([point]) => point > cosine);
      return Math.min(1, often * (rare / often) ** ((cosine - low) / (high - low)));
    },
    cosineAt(rate) {
      const [[high, rare], [low, often]] = around(([, point]) => point < rate);
      return low + ((high - low) * Math.log(rate / often)) / Math.log(rare / often);
    },
  };
}
