/** No lease and no back-off is longer, ms: the longest back-off is 13 minutes (jobs/worker.ts). */
const FURTHEST_MS = 15 * 60_000;

/**
 * SQL: whether the job `j` may be claimed. Sent: not before its back-off is over; Started: once its lease has run out. What is
 * due later than any of these can be was written before the clock was set back, and is due now. `now` is SQL for the time.
 */
export const DUE = (now: string): string =>
  `j.due_at IS NOT NULL AND (j.due_at <= ${now} OR j.due_at > ${now} + ${FURTHEST_MS})`;
