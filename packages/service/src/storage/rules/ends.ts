/** Why jobs end Failed that no worker ended: the same words from every back-end. */
export const IDENTITY_GONE = "The identity was deleted before this job was done.";

export const CANCELLED = "cancelled by the account before it was done";

export const IMAGE_ERASED =
  "An image of this job was erased with the identity that it had been enrolled in. Send the image again.";

export const givenUp = (attempts: number): string =>
  `Given up after ${attempts} attempts, none of which came to an end. Retry it; if that fails too, look into the server's log.`;
