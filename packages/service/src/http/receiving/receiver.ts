import type { Clock } from "../../clock.ts";
import type { Arrival } from "../../jobs/quota.ts";
import type { Storage } from "../../storage/types.ts";
import type { Call } from "../call.ts";
import { receiveBody } from "./body.ts";
import { type ExpectedForm, receiveForm } from "./form.ts";
import { createIntake, type IntakeTools } from "./intake.ts";
import type { Received } from "./received.ts";

/** What requests with images are received with. */
export interface ReceiverTools extends IntakeTools {
  storage: Storage;
  clock: Clock;
}

/** Receives requests with images. What was stored is erased when there is a fault. */
export interface Receiver {
  form(call: Call, arrival: Arrival, expected: ExpectedForm): Promise<Received>;
  /** The whole body as one image. */
  body(call: Call, arrival: Arrival): Promise<Received>;
}

export function createReceiver({ storage, clock, ...tools }: ReceiverTools): Receiver {
  return {
    form: ({ request, accountId }, arrival, expected) =>
      receiveForm(request, expected, {
        ...tools,
        intake: createIntake(tools, arrival, expected.durable),
        upload: (id) => storage.uploads.get(accountId, id, clock.now()),
      }),
    body: ({ request }, arrival) => receiveBody(request, { ...tools, intake: createIntake(tools, arrival) }),
  };
}
