import { setFlagsFromString } from "node:v8";
import { Command } from "commander";
import { options } from "../config.ts";
import { SERVE_SETTINGS, type ServeOptions } from "../serve-settings.ts";

export function serveCommand(): Command {
  const command = new Command("serve")
    .description("serve the API, the GraphQL gateway and the playground from one port")
    .action(async (values: ServeOptions) => {
      // V8's young generation grows to 32 MB and more, and under a big upload its garbage with it: 1.9 GB then raised
      // memory by 90 MB, now by 30 to 50 MB; enrolment and search were no slower (Node 26, bench serve). It grows while modules
      // load, so this comes before them.
      setFlagsFromString("--semi-space-growth-factor=1");
      const { serve } = await import("../serve.ts");
      await serve(values);
    });
  for (const option of options(...SERVE_SETTINGS)) command.addOption(option);
  return command;
}
