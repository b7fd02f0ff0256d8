const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * The gaps between the attempts of a delivery, in milliseconds: the schedule of the specification (Standard Webhooks,
 * "Deliverability and reliability"), whose first attempt is made at once. After the last gap there is one more attempt.
 */
export const retryGapsMs: readonly number[] = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

/** The random share by which a gap may be longer, so that many deliveries do not come back at one moment. */
const JITTER = 0.2;

/**
 * When a delivery is tried again, in milliseconds from now; null: never, it is given up.
 *
 * @param attempts how many there were, the one that has failed included
 * @param advisedMs how long the receiver asked to wait; it makes a gap longer, and never a delivery's life
 */
export function nextAttemptInMs(
  attempts: number,
  advisedMs: number | null,
  random: () => number = Math.random,
): number | null {
  const gap = retryGapsMs[attempts - 1];
  return gap === undefined ? null : Math.max(gap * (1 + JITTER * random()), advisedMs ?? 0);
}

/**
 * How long an endpoint is left alone after so many failures in a row (the first entry: after one), in milliseconds;
 * the last entry holds on. While it is, all its deliveries wait: a receiver that is down costs one call per pause.
 */
export const endpointPausesMs: readonly number[] = [
  0,
  0,
  0,
  0,
  5 * second,
  10 * second,
  20 * second,
  40 * second,
  80 * second,
  160 * second,
  5 * minute,
];
