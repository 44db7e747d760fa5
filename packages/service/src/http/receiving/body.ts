import type { Limits } from "../../limits.ts";
import type { Space } from "../../space.ts";
import { checkLength, declaredLength, openBody } from "../body.ts";
import { HttpProblem } from "../problem.ts";
import type { Intake } from "./intake.ts";
import type { Received } from "./received.ts";

/** Streams a body that is one image into the blob store. */
export async function receiveBody(
  request: Request,
  { space, limits, intake }: { space: Space; limits: Limits; intake: Intake },
): Promise<Received> {
  checkLength(request, limits.uploadBytes);
  await space.admit(declaredLength(request));
  if (!request.body) throw new HttpProblem(400, "the body is empty: send an image");
  const body = openBody(request.body, limits);
  async function* bytes() {
    for (;;) {
      const { done, value } = await body.read();
      if (done) return;
      yield value;
    }
  }
  try {
    const image = await intake.store(bytes(), request.signal);
    return {
      images: [image],
      uploadIds: [],
      text: () => undefined,
      flush: intake.flush,
      discard: intake.discard,
      keep: intake.keep,
    };
  } catch (error) {
    body.linger();
    throw error;
  }
}
