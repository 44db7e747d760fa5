export interface Tokens {
  token: string;
  refreshToken: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** Where a page keeps the tokens of its session. */
export interface TokenStore {
  read(): Tokens | undefined;
  write(tokens: Tokens | undefined): void;
}

/** Gone with the page: nothing that another script or the next visitor could find. */
export function memoryTokenStore(): TokenStore {
  let kept: Tokens | undefined;
  return {
    read: () => kept,
    write(tokens) {
      kept = tokens;
    },
  };
}

/**
 * Survives a reload of the tab and ends with it. Any script of the same origin can read it.
 * Where there is no sessionStorage (on a server, or forbidden) it keeps the tokens in memory.
 */
export function sessionTokenStore(key = "prosopon.session"): TokenStore {
  const memory = memoryTokenStore();
  const storage = (): Storage | undefined => {
    try {
      return globalThis.sessionStorage;
    } catch {
      return undefined;
    }
  };
  return {
    read() {
      const text = storage()?.getItem(key);
      return text ? parse(text) : memory.read();
    },
    write(tokens) {
      memory.write(tokens);
      try {
        if (tokens) storage()?.setItem(key, JSON.stringify(tokens));
        else storage()?.removeItem(key);
      } catch {
        // A full or forbidden storage: memory has them.
      }
    },
  };
}

function parse(text: string): Tokens | undefined {
  try {
    const { token, refreshToken, expiresAt } = JSON.parse(text) as Partial<Tokens>;
    return typeof token === "string" && typeof refreshToken === "string" && typeof expiresAt === "number"
      ? { token, refreshToken, expiresAt }
      : undefined;
  } catch {
    return undefined;
  }
}
