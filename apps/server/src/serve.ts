import { setTimeout as sleep } from "node:timers/promises";
import type { Service } from "@prosopon/service";
import type { Logger } from "pino";
import { isLoopbackHost, offerOf, type DemoOffer } from "./demo-account.ts";
import { compose } from "./compose.ts";
import { CommandError } from "./errors.ts";
import { firstAccount, fixedCredentials, type FirstAccount } from "./first-account.ts";
import { listen } from "./listen.ts";
import { lastResort } from "./last-resort.ts";
import { createLog } from "./log.ts";
import { printJson, printLine } from "./print.ts";
import { checkSettings, type ServeOptions } from "./serve-settings.ts";
import { aborted, stopSignal } from "./signals.ts";
import { answerThatItWaits, onceItCan } from "./waiting.ts";

/** From the end of draining to the end of the process, whatever still hangs: below the 10 s after which Docker kills. */
const STOP_MS = 9_500;

/** Serves until SIGTERM or SIGINT. Listens early: `/readyz` answers 503 until a real recognition has passed. */
export async function serve(options: ServeOptions): Promise<void> {
  checkSettings(options);
  fixedCredentials(options);
  const stop = stopSignal();
  const logger = createLog(options.logLevel);
  lastResort(logger);
  void aborted(stop).then(() => endLate(options, logger));
  let stopWaiting = async () => {};
  const server = await onceItCan(
    () => compose({ ...options, logger }),
    logger,
    stop,
    async (reason) => (stopWaiting = await answerThatItWaits(options, logger, reason)),
  );
  await stopWaiting();
  if (!server) process.exit(0);
  try {
    const listening = await listen(server, options);
    const detach = server.attach(listening.server);
    try {
      const account =
        options.role === "worker" ? {} : await onceItCan(() => firstAccount(server, options), logger, stop);
      const demo =
        account?.demo && isLoopbackHost(options.host) ? offerOf(account.demo, listening.url) : undefined;
      server.offerDemo(demo);
      await Promise.race([server.service.ready().catch(notReady), aborted(stop)]);
      if (account && !stop.aborted) {
        announce(listening.url, account, demo, options);
        logger.info({ url: listening.url, role: options.role }, "ready");
        await aborted(stop);
        await drain(server.service, options, logger);
      }
      logger.info("stopping: jobs in hand finish or are handed back");
    } finally {
      await Promise.all([listening.close(), detach(), server.service.close()]);
    }
  } finally {
    await server.close();
  }
  process.exit(0);
}

/** A database that is away can hold up much: what this node had in hand, others do once its leases have run out. */
function endLate({ drainSeconds, role }: ServeOptions, logger: Logger): void {
  const drainMs = role === "worker" ? 0 : drainSeconds * 1_000;
  setTimeout(() => {
    logger.error("stopped before everything had ended: the database or a connection did not answer");
    process.exit(1);
  }, drainMs + STOP_MS).unref();
}

/** Balancers learn from /readyz that no new work is to come here; meanwhile what does come is served. */
async function drain(service: Service, { drainSeconds, role }: ServeOptions, logger: Logger): Promise<void> {
  service.drain();
  if (drainSeconds === 0 || role === "worker") return;
  logger.info({ seconds: drainSeconds }, "draining: /readyz answers 503, everything else is still served");
  await sleep(drainSeconds * 1_000);
}

function notReady(error: Error): never {
  throw new CommandError(
    `The engine does not pass its self-test: ${error.message} Run \`prosopon doctor\`.`,
    { cause: error },
  );
}

/** Shows no secret but those that were made here, and each once. */
function announce(
  url: string,
  { created, given, demo }: FirstAccount,
  offer: DemoOffer | undefined,
  options: ServeOptions,
): void {
  const { role } = options;
  if (options.json) {
    const account = { clientId: given, ...created };
    return printJson({ url, role, ...account, demoUrl: offer?.link, pid: process.pid });
  }
  printLine(`Prosopon${role === "all" ? "" : ` (${role})`} is ready at ${url}`);
  if (given !== undefined) printLine(`\nThe account ${given} was created with the secret that was given.`);
  if (created)
    printLine(
      `\nAn account was created. Its secret is shown only once; keep it:\n  client id  ${created.clientId}\n  secret id  ${created.secretId}`,
    );
  if (offer) printLine(`\nOpen this link to sign in to the demo account with one click:\n  ${offer.link}`);
  else if (options.demo)
    printLine(
      `\nThe demo account is not offered for one-click sign-in${demo ? ` on ${options.host}: others could reach it` : ": its secret was changed"}.`,
    );
}
