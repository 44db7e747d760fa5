import type { Command } from "commander";
import { UsageError } from "./errors.ts";

/**
 * Makes the environment mean what people expect before commander reads it: an empty variable counts as unset, and a
 * switch may be given as 1/0, true/false, yes/no or on/off. Commander itself takes PROSOPON_DEMO=0 for "on", because
 * it only looks whether the variable is there.
 */
export function tidyEnvironment(program: Command, env: NodeJS.ProcessEnv = process.env): void {
  for (const option of program.commands
    .flatMap((command) => [command, ...command.commands])
    .flatMap(({ options }) => options)) {
    const name = option.envVar;
    if (name === undefined || env[name] === undefined) continue;
    const text = env[name].trim().toLowerCase();
    if (text === "") delete env[name];
    else if (option.isBoolean()) {
      if (/^(0|false|no|off)$/.test(text)) delete env[name];
      else if (!/^(1|true|yes|on)$/.test(text))
        throw new UsageError(
          `${name} is a switch: it must be 1, true, yes or on, or 0, false, no or off; not "${env[name]}".`,
        );
    }
  }
}
