import { type Client, type ImageInput, isJobFailedError } from "@prosopon/core";

/** Enrols one person from two photos, finds and confirms them by a third, and forgets them again. The same in every runtime. */
export async function meet(
  client: Client,
  [first, second, third]: [ImageInput, ImageInput, ImageInput],
): Promise<void> {
  const enrolment = client.jobs.watch(await client.identities.create({ images: [first, second] }));
  let identityId: string | undefined;
  for await (const state of enrolment) {
    console.log(`enrolment: ${state.status}${state.error ? `: ${state.error}` : ""}`);
    identityId = state.identityId;
  }
  if (!identityId) throw new Error("nobody was enrolled");

  try {
    const { matches = [] } = await client.jobs.wait(
      await client.identities.search({ image: third, maxResult: 3 }),
    );
    const rank = matches.findIndex((match) => match.identity_id === identityId);
    console.log(
      `search: ${matches.length} found${rank < 0 ? "" : `, ours is number ${rank + 1} with a score of ${matches[rank]?.score.toFixed(3)}`}`,
    );

    const { recognition } = await client.jobs.wait(
      await client.identities.recognize(identityId, { image: third }),
    );
    console.log(
      `recognition: ${recognition?.recognition ? "yes" : "no"}, score ${recognition?.score.toFixed(3)}`,
    );
    if (rank < 0 || !recognition?.recognition) throw new Error("the third photo was not recognised");
  } catch (error) {
    if (isJobFailedError(error)) console.error(`the server says: ${error.reason}`);
    throw error;
  } finally {
    await client.identities.delete(identityId);
    console.log("deleted");
  }
}
