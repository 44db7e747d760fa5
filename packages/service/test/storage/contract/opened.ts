import { afterEach, beforeEach } from "vitest";
import type { Storage } from "../../../src/storage/types.ts";
import type { Opened } from "../contract.ts";

/** A fresh storage for each test of the block it is called in; `current()` is the one of the running test. */
export function perTest(open: () => Promise<Opened>): { current(): Storage; reopen(): Promise<Storage> } {
  let opened: Opened;
  let storage: Storage;
  beforeEach(async () => {
    opened = await open();
    storage = opened.storage;
  });
  afterEach(() => opened.cleanup());
  return {
    current: () => storage,
    reopen: async () => (storage = await opened.reopen()),
  };
}
