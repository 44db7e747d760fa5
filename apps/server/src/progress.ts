import { visible } from "./visible.ts";

const WIDTH = 30;

export interface Progress {
  /** `count` of the total are done, 1 where nothing is said. */
  step(label: string, count?: number): void;
  end(): void;
}

/** A bar on stderr that redraws its own line; nothing where stderr is no terminal. */
export function createProgress(total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY || total === 0) return { step() {}, end() {} };
  let done = 0;
  const draw = (label: string) => {
    const filled = Math.round((WIDTH * done) / total);
    const line = `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ${done}/${total}  ${visible(label)}`;
    // Without wrapping the terminal cuts the line, by widths that only it knows.
    stream.write(`\r\x1b[K\x1b[?7l${line}\x1b[?7h`);
  };
  draw("");
  return {
    step(label, count = 1) {
      done += count;
      draw(label);
    },
    end: () => void stream.write("\r\x1b[K"),
  };
}
