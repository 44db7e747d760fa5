import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run, temporaryDirectory } from "./command.ts";

/** Sets the title of a terminal's window. */
const TITLE = "\u001b]0;mine\u0007";
const SHOWN = String.raw`\u001b]0;mine\u0007`;
/** What a terminal acts upon; lines may end. */
const DRIVES = /(?!\n)\p{Cc}/u;

describe("a terminal that shows what the command says", () => {
  it("is not driven by the name of an account, which JSON tells as it is", async () => {
    const data = ["--data", await temporaryDirectory()];
    await run(["accounts", "create", `A${TITLE}`, ...data]);
    const { stdout } = await run(["accounts", "list", ...data]);
    expect(stdout).toContain(`A${SHOWN}  enabled`);
    expect(stdout).not.toMatch(DRIVES);
    const json = await run(["accounts", "list", ...data, "--json"]);
    expect(json.stdout).not.toMatch(DRIVES);
    expect(JSON.parse(json.stdout).accounts[0].name).toBe(`A${TITLE}`);
  });

  it("is not driven by the names of people, photos and other files that are enrolled", async () => {
    const folder = await temporaryDirectory();
    await mkdir(join(folder, `P${TITLE}`));
    await writeFile(join(folder, `P${TITLE}`, `p${TITLE}.jpg`), "no photo");
    await writeFile(join(folder, `other\n${TITLE}.txt`), "no photo");
    const own = ["--data", await temporaryDirectory(), "--state", await temporaryDirectory()];
    const { stdout, stderr } = await run(["enrol", folder, "--embedded", "--threads", "1", ...own]);
    expect(stdout).toMatch(new RegExp(String.raw`^P\\u001b\S+ +p\\u001b\S+\.jpg +failed`, "m"));
    expect(stdout).toContain(String.raw`ignored: other\u000a${SHOWN}.txt`);
    expect(stdout + stderr).not.toMatch(DRIVES);
  });

  it("is not driven by what an error or a wrong command repeats", async () => {
    for (const words of [["search", `${TITLE}.jpg`], [TITLE], ["serve", `--${TITLE}`]]) {
      const { code, stderr } = await run(words);
      expect(code).toBe(2);
      expect(stderr).toContain(SHOWN);
      expect(stderr).not.toMatch(DRIVES);
    }
  });
});
