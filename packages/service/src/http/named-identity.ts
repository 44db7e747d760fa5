import { HttpProblem, unknownId } from "./problem.ts";
import type { Call } from "./call.ts";
import type { Form } from "./form.ts";

/** The identity that a form names. @throws HttpProblem 400, 404 */
export async function namedIdentity({ deps, accountId }: Call, form: Form): Promise<string> {
  const id = form.text("identity_id")?.trim();
  const known = id ? await deps.storage.identities.get(accountId, id) : undefined;
  if (known) return known.id;
  if (!id) throw new HttpProblem(400, "the form needs the field identity_id");
  throw unknownId("identity", id);
}
