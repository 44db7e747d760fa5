import { describe, expect, it } from "vitest";
import { BLOCK_BYTES, createMemory } from "../../src/blobs/s3/memory.ts";
import { BlobsBusyError } from "../../src/blobs/types.ts";

describe("the memory that uploads share", () => {
  it("is not held for ever by uploads that wait for each other: the largest gives way, and a small one is served", async () => {
    const memory = createMemory(8 * BLOCK_BYTES);
    const gaveWay: string[] = [];
    const holds = async (name: string, blocks: number) => {
      const held = memory.hold(() => gaveWay.push(name));
      for (let at = 0; at < blocks; at++) await held.grow();
      return held;
    };
    const large = await holds("large", 5);
    const middle = await holds("middle", 3);
    const waiting = Promise.allSettled([large.grow(), middle.grow()]);
    const small = memory.hold(() => gaveWay.push("small"));
    await small.grow();
    const [first, second] = await waiting;
    expect(first).toMatchObject({ status: "rejected", reason: expect.any(BlobsBusyError) });
    expect(second.status).toBe("fulfilled");
    expect(gaveWay).toEqual(["large"]);
    expect([large, middle, small].map(({ blocks }) => blocks.length)).toEqual([0, 4, 1]);
  });

  it("goes from an upload that stands still to one that needs it", async () => {
    const memory = createMemory(BLOCK_BYTES);
    const gaveWay: BlobsBusyError[] = [];
    const still = memory.hold((error) => gaveWay.push(error));
    await still.grow();
    await memory.hold(() => {}).grow();
    expect(gaveWay).toHaveLength(1);
    expect(() => still.touch()).toThrow("this one did not go on");
  });

  it("waits for a part that is being sent, however much it holds", async () => {
    const memory = createMemory(2 * BLOCK_BYTES);
    const sender = memory.hold(() => expect.unreachable());
    await sender.grow();
    await sender.grow();
    let sent = () => {};
    const sending = sender.sending(() => new Promise<void>((resolve) => (sent = resolve)));
    setTimeout(() => sent(), 4_000);
    await memory.hold(() => {}).grow();
    await sending;
    expect(sender.blocks).toHaveLength(0);
  });
});
