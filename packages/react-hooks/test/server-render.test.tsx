import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";
import {
  ProsoponProvider,
  useEnrolment,
  useIdentitiesQuery,
  useJob,
  useJobsUpdatedSubscription,
  useSession,
} from "../src/index.ts";

function Everything() {
  const { signedIn } = useSession();
  const [{ data }] = useIdentitiesQuery();
  const { job } = useJob(undefined);
  const { phase } = useEnrolment();
  useJobsUpdatedSubscription();
  return <p>{`${signedIn ? "in" : "out"} ${phase} ${data ? "data" : "none"} ${job ? "job" : "none"}`}</p>;
}

describe("rendering on a server", () => {
  it.each(["memory", "session"] as const)("needs no window, socket or storage (tokens: %s)", (tokens) => {
    expect(typeof window).toBe("undefined");
    const html = renderToString(
      <ProsoponProvider
        url="https://faces.example/graphql"
        tokens={tokens}
        fetch={() => new Promise(() => {})}
      >
        <Everything />
      </ProsoponProvider>,
    );
    expect(html).toContain("out idle none none");
  });
});
