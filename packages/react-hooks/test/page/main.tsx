import { useState } from "react";
import { createRoot } from "react-dom/client";
import {
  ProsoponProvider,
  useCancelJobMutation,
  useDeleteIdentitiesMutation,
  useEnrolment,
  useIdentitiesQuery,
  useJobsQuery,
  useJobsUpdatedSubscription,
  useRecognition,
  useRetryJobMutation,
  useSearch,
  useSession,
} from "../../src/index.ts";

const address = new URLSearchParams(location.search);
const log: string[] = [];
Object.assign(window, { log });

/** Every state that a run has shown, in order and once. */
function note(name: string, state: string) {
  if (log.at(-1) !== `${name} ${state}`) log.push(`${name} ${state}`);
}

function Page() {
  const { signedIn, signIn, signOut } = useSession();
  const [problem, setProblem] = useState("");
  const [shown, setShown] = useState(true);
  async function enter() {
    const result = await signIn(address.get("id") ?? "", address.get("secret") ?? "");
    setProblem(result.ok ? "" : result.message);
  }
  return (
    <>
      <p id="session">{signedIn ? "in" : "out"}</p>
      <p id="problem">{problem}</p>
      <button onClick={() => void enter()}>sign in</button>
      <button onClick={() => void signOut()}>sign out</button>
      <button onClick={() => setShown((was) => !was)}>toggle</button>
      {signedIn && shown && <Work />}
    </>
  );
}

function Work() {
  const enrolment = useEnrolment();
  const search = useSearch();
  const recognition = useRecognition();
  const [files, setFiles] = useState<File[]>([]);
  const [{ data, error }] = useIdentitiesQuery();
  const [{ data: jobs }] = useJobsQuery();
  const [{ data: dead }] = useJobsQuery({ variables: { filter: { dead: true } } });
  const [, retry] = useRetryJobMutation();
  const [, end] = useCancelJobMutation();
  const going = jobs?.jobs.edges.map(({ node }) => node).find(({ done }) => !done);
  const [died] = dead?.jobs.edges.map(({ node }) => node) ?? [];
  const [live] = useJobsUpdatedSubscription();
  const [, erase] = useDeleteIdentitiesMutation();
  note("enrol", enrolment.phase);
  note("search", search.phase);
  if (live.data) note("job", `${live.data.jobsUpdated.job.jobId} ${live.data.jobsUpdated.job.status}`);
  if (enrolment.phase === "uploading") note("progress", String(enrolment.progress));
  const people = data?.identities.edges.map(({ node }) => node);
  const [first] = files;
  const [best] = people ?? [];
  return (
    <>
      <input type="file" multiple onChange={({ target }) => setFiles([...(target.files ?? [])])} />
      <button onClick={() => enrolment.start(files, { metadata: { name: "Ada" } })}>enrol</button>
      <button onClick={enrolment.cancel}>cancel</button>
      <button onClick={() => first && search.start(first)}>search</button>
      <button onClick={() => first && best && recognition.start(best.identityId, first)}>recognise</button>
      <button onClick={() => best && void erase({ input: { identityIds: [best.identityId] } })}>
        delete
      </button>
      <button onClick={() => died && void retry({ input: { jobId: died.id } })}>retry</button>
      <button onClick={() => going && void end({ input: { jobId: going.id } })}>end</button>
      <p id="dead">{died ? (died.dead?.retriedAsJobId ?? "kept") : "none"}</p>
      <p id="enrolment">{`${enrolment.phase} ${enrolment.identity?.name ?? ""} ${enrolment.identity?.faces.length ?? ""}`}</p>
      <p id="failure">{`${enrolment.failure?.code ?? ""} ${enrolment.failure?.message ?? ""}`}</p>
      <p id="search">{`${search.phase} ${search.matches?.map(({ identity, recognized }) => `${identity?.name}:${recognized}`).join(",") ?? ""}`}</p>
      <p id="recognition">{`${recognition.phase} ${recognition.match?.recognized ?? ""}`}</p>
      <p id="people">
        {error ? `error ${error.message}` : (people?.map(({ name }) => name).join(",") ?? "loading")}
      </p>
      <p id="jobs">
        {jobs?.jobs.edges.map(({ node }) => `${node.kind}:${node.status}`).join(",") ?? "loading"}
      </p>
    </>
  );
}

createRoot(document.getElementById("root") as HTMLElement).render(
  <ProsoponProvider
    url={address.get("gateway") ?? "/graphql"}
    tokens={address.get("tokens") === "session" ? "session" : "memory"}
    onSignedOut={() => log.push("signed out by the server")}
  >
    <Page />
  </ProsoponProvider>,
);
