import { describe, expect, it } from "vitest";
import { settings } from "../src/config.ts";
import { run } from "./command.ts";

describe("prosopon --help", () => {
  it("lists the environment variable of every option", async () => {
    const { code, stdout } = await run(["--help"]);
    expect(code).toBe(0);
    const variables = Object.values(settings).map(({ option }) => option().envVar!);
    expect(variables.length).toBeGreaterThan(15);
    for (const variable of variables) expect(stdout).toContain(`  ${variable} `);
  });

  it("answers for every command", async () => {
    for (const command of ["serve", "enrol", "search", "recognize", "jobs", "accounts", "doctor"]) {
      const { code, stdout } = await run([command, "--help"]);
      expect({ command, code }).toEqual({ command, code: 0 });
      expect(stdout).toContain(`Usage: prosopon ${command}`);
    }
  });
});

describe("prosopon, asked wrongly", () => {
  const wrong: [what: string, args: string[], env: Record<string, string>, says: string][] = [
    ["an unknown option", ["serve", "--bogus"], {}, "unknown option '--bogus'"],
    ["an unknown command", ["swerve"], {}, "unknown command 'swerve'"],
    ["no command", [], {}, "Usage: prosopon"],
    ["a port that is no number", ["serve", "--port", "http"], {}, "whole number from 0 to 65535"],
    [
      "a port out of range, by environment",
      ["serve"],
      { PROSOPON_PORT: "99999" },
      "from env 'PROSOPON_PORT' is invalid",
    ],
    [
      "a switch that is neither on nor off",
      ["serve"],
      { PROSOPON_DEMO: "maybe" },
      "PROSOPON_DEMO is a switch",
    ],
    ["a client id without its secret", ["serve"], { PROSOPON_CLIENT_ID: "door" }, "belong together"],
    ["an address that is none", ["search", "a.jpg", "--url", "ftp://x"], {}, "http:// or https://"],
    ["an image that is not there", ["search", "/nowhere/a.jpg"], {}, "No such file: /nowhere/a.jpg"],
    ["a folder that is not there", ["enrol", "/nowhere"], {}, "/nowhere is not a folder"],
    ["recognize without a person", ["recognize", "a.jpg"], {}, "--identity"],
    ["a retry of nothing", ["jobs", "retry"], {}, "Name one job, or give --all."],
    ["settings without a change", ["accounts", "settings", "door"], {}, "Nothing to change"],
  ];
  for (const [what, args, env, says] of wrong) {
    it(`exits with 2 and says what to do: ${what}`, async () => {
      const { code, stderr } = await run(args, { env });
      expect(stderr).toContain(says);
      expect(code).toBe(2);
    });
  }

  it("takes an empty variable for an unset one, and 0 for off", async () => {
    const { code, stderr } = await run(["doctor", "--bogus"], {
      env: { PROSOPON_PORT: "", PROSOPON_JSON: "0", PROSOPON_THREADS: "" },
    });
    expect(code).toBe(2);
    expect(stderr).toBe("error: unknown option '--bogus'\n(add --help for the options)\n");
  });
});
