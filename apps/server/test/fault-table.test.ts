import { expect, it } from "vitest";
import { rows, tableOfFaults } from "./fault-table.ts";

it("the manual's table of faults has those rows that tests bring about", async () => {
  const named = Object.values(rows);
  const faults = (await tableOfFaults()).map(([fault]) => fault!);
  expect(faults.map((fault) => named.find((name) => fault.startsWith(name)) ?? fault)).toEqual(named);
});
