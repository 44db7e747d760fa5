/** Places that each key may hold at once. */
export interface Places {
  /** The release, which may be called again; undefined when the key has none left. */
  take(key: string): (() => void) | undefined;
}

export function createPlaces(each: number): Places {
  const taken = new Map<string, number>();
  return {
    take(key) {
      const count = taken.get(key) ?? 0;
      if (count >= each) return undefined;
      taken.set(key, count + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const left = taken.get(key)! - 1;
        if (left > 0) taken.set(key, left);
        else taken.delete(key);
      };
    },
  };
}
