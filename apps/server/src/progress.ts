const WIDTH = 30;

export interface Progress {
  step(label: string): void;
  end(): void;
}

/** A bar on stderr that redraws its own line; nothing where stderr is no terminal. */
export function createProgress(total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY || total === 0) return { step() {}, end() {} };
  let done = 0;
  const draw = (label: string) => {
    const filled = Math.round((WIDTH * done) / total);
    const line = `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ${done}/${total}  ${label}`;
    stream.write(`\r\x1b[K${line.slice(0, (stream.columns || 80) - 1)}`);
  };
  draw("");
  return {
    step(label) {
      done += 1;
      draw(label);
    },
    end: () => void stream.write("\r\x1b[K"),
  };
}
