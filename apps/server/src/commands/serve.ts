import { Command } from "commander";
import { options, type Values } from "../config.ts";

type ServeOptions = Values<
  "port" | "host" | "data" | "demo" | "clientId" | "secretId" | "threads" | "maxPixels" | "logLevel" | "json"
>;

export function serveCommand(): Command {
  const command = new Command("serve")
    .description("serve the API, the GraphQL gateway and the playground from one port")
    .action(async (values: ServeOptions) => {
      const { serve } = await import("../serve.ts");
      await serve(values);
    });
  for (const option of options(
    "port",
    "host",
    "data",
    "demo",
    "clientId",
    "secretId",
    "threads",
    "maxPixels",
    "logLevel",
    "json",
  ))
    command.addOption(option);
  return command;
}
