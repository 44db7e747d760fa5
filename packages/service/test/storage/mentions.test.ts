import { describe, expect, it } from "vitest";
import { keepMentioned, mentioned } from "../../src/storage/rules/mentions.ts";

const candidate = (identity_id: string, score: number, margin?: number) => ({
  identity_id,
  score,
  ...(margin !== undefined && { margin }),
});

describe("the people whom a result lists", () => {
  const search = {
    images: [],
    candidates: [candidate("a", 0.9, 0.2), candidate("b", 0.7, 0.6), candidate("c", 0.1)],
  };
  const group = {
    images: [],
    faces: [
      {
        decision: "match",
        identity_id: "a",
        score: 0.99,
        candidates: [candidate("a", 0.99, 0.39), candidate("b", 0.6)],
      },
      { decision: "unknown", candidates: [candidate("b", 0.5)] },
    ],
  };

  it("are its candidates, and those of its faces, each once", () => {
    expect(mentioned(search)).toEqual(["a", "b", "c"]);
    expect(mentioned(group)).toEqual(["a", "b"]);
    expect(mentioned({ images: [], faces: [{ box: {} }] })).toEqual([]);
  });

  it("leave it, and the margins are those of the ones that stay", () => {
    expect(keepMentioned(search, (id) => id !== "b")).toMatchObject({
      candidates: [{ identity_id: "a", margin: 0.8 }, { identity_id: "c" }],
    });
    expect(keepMentioned(search, () => true)).toBe(search);
    expect(keepMentioned(group, () => true)).toBe(group);
  });

  it("leave the faces that were given to them as nobody's", () => {
    expect(keepMentioned(group, (id) => id !== "a")).toEqual({
      images: [],
      faces: [
        { decision: "unknown", candidates: [candidate("b", 0.6)] },
        { decision: "unknown", candidates: [candidate("b", 0.5)] },
      ],
    });
  });
});
