import { describe, expect, test } from 'vitest';
import type { LookedAtLeg } from '../../../src/db/due.ts';
import type { LookNote } from '../../../src/db/tables.ts';
import { yookassa } from '../../../src/providers/yookassa/index.ts';
import { backoffMs, scheduleOf } from '../../../src/refunds/engine/schedule.ts';
import { nextStep } from '../../../src/refunds/recovery-step.ts';

const now = new Date('2026-01-15T12:00:00Z');
const ago = (ms: number) => new Date(now.getTime() - ms);
const minute = 60_000;
const hour = 60 * minute;

const leg = (more: Partial<LookedAtLeg> = {}): LookedAtLeg => ({
  id: '' as never,
  status: 'PENDING',
  createdAt: ago(minute),
  sentAt: ago(minute),
  finalizedAt: null,
  queuedSince: ago(minute),
  lookFailures: 2,
  isStillDue: true,
  isBehindSender: false,
  isBehindOther: false,
  now,
  ...more,
});

describe('the gap after failures', () => {
  test('doubles from 5 s to 1 h, shortened by up to a fifth', () => {
    expect([1, 2, 3, 10, 11, 12, 1_000].map((failures) => backoffMs(failures, () => 0))).toEqual([
      5_000, 10_000, 20_000, 2_560_000, 3_600_000, 3_600_000, 3_600_000,
    ]);
    expect(backoffMs(2, () => 1)).toBe(8_000);
    expect(backoffMs(1, () => 1)).toBe(5_000);
  });
});

describe('a claimed leg', () => {
  const of = (more: Partial<LookedAtLeg>, result: 'done' | 'failed' | 'left' = 'done', isPaused = false) =>
    scheduleOf(yookassa, leg(more), result, isPaused);

  test.each<[string, Partial<LookedAtLeg>, 'done' | 'failed' | 'left', boolean, object]>([
    ['that was not begun keeps everything', {}, 'left', false, { nextLookInMs: 'keep', lookFailures: 2 }],
    [
      'whose answer set its time keeps it',
      { isStillDue: false },
      'failed',
      false,
      { nextLookInMs: 'keep', lookFailures: 0 },
    ],
    [
      'that was answered is looked at by its age',
      {},
      'done',
      false,
      { nextLookInMs: 30_000, lookFailures: 0 },
    ],
    [
      'whose age counts from its sending',
      { createdAt: ago(30 * hour) },
      'done',
      false,
      { nextLookInMs: 30_000 },
    ],
    [
      'that is unclear has gaps that grow, whatever a send has set',
      { status: 'UNKNOWN', isStillDue: false, sentAt: ago(hour) },
      'done',
      false,
      { nextLookInMs: hour },
    ],
    [
      'that waits behind a sender is held',
      { status: 'QUEUED', isBehindSender: true },
      'done',
      false,
      { nextLookInMs: 'keep', holdForMs: 5_000, lookFailures: 0 },
    ],
    [
      'that waits behind what only YooKassa would take',
      { status: 'QUEUED', isBehindOther: true },
      'done',
      false,
      { lookFailures: 3 },
    ],
    [
      'of a paused account comes a minute later',
      { status: 'QUEUED' },
      'done',
      true,
      { nextLookInMs: minute, lookFailures: 0 },
    ],
    [
      'that waited a day comes an hour later',
      { status: 'QUEUED', queuedSince: ago(24 * hour) },
      'done',
      true,
      { nextLookInMs: hour },
    ],
    [
      'that was put back keeps the provider’s time',
      { status: 'QUEUED', isStillDue: false },
      'done',
      false,
      { nextLookInMs: 'keep' },
    ],
    [
      'in its watch window comes at its next day',
      { status: 'SUCCEEDED', finalizedAt: ago(25 * hour) },
      'done',
      false,
      { nextLookInMs: 47 * hour },
    ],
    [
      'after it never comes again',
      { status: 'SUCCEEDED', finalizedAt: ago(31 * 24 * hour) },
      'done',
      false,
      { nextLookInMs: null },
    ],
  ])('%s', (_name, more, result, isPaused, expected) => {
    expect(of(more, result, isPaused)).toMatchObject(expected);
  });

  test('that failed comes after a growing gap', () => {
    const { nextLookInMs, lookFailures } = of({}, 'failed');
    expect(lookFailures).toBe(3);
    expect(nextLookInMs).toBeGreaterThanOrEqual(16_000);
    expect(nextLookInMs).toBeLessThanOrEqual(20_000);
  });

  test('behind another operation is held a minute where there is one at a time', () => {
    const capabilities = { ...yookassa.capabilities, concurrentOperationsPerPayment: 'ONE' as const };
    const waiting = leg({ status: 'QUEUED', isBehindOther: true });
    expect(scheduleOf({ ...yookassa, capabilities }, waiting, 'done', false)).toMatchObject({
      nextLookInMs: 'keep',
      holdForMs: minute,
    });
  });
});

describe('the next step of a plan', () => {
  const looks = (...times: number[]): LookNote[] =>
    times.map((ms) => ({ at: ago(ms).toISOString(), found: 'absent' as const }));
  const twice = looks(hour, minute);
  const step = (
    sentMs: number,
    noted: LookNote[] = twice,
    evidence: Record<string, boolean> = {},
    recovery = yookassa.recovery,
    lastSentMs = sentMs,
  ) => {
    const sends = { first_sent_at: ago(sentMs), last_sent_at: ago(lastSentMs) };
    return nextStep({ ...yookassa, recovery }, { ...sends, looks: noted, evidence }, now).kind;
  };
  const blind = { ...yookassa.recovery, lookUp: 'NOTHING' as const };

  test.each<[string, string, () => string]>([
    ['within the key’s life', 'replay', () => step(23 * hour - 1)],
    ['after it', 'look', () => step(23 * hour)],
    ['to the end of the looks', 'look', () => step(47 * hour - 1)],
    ['after them', 'review', () => step(47 * hour)],
    ['put off for days, then lost', 'look', () => step(72 * hour, twice, {}, undefined, 47 * hour - 1)],
    ['so long after that', 'review', () => step(72 * hour, twice, {}, undefined, 47 * hour)],
    ['after one look', 'look', () => step(50 * hour, looks(minute))],
    ['after two looks at once', 'look', () => step(50 * hour, looks(minute, minute - 4_999))],
    [
      'after looks that nobody answered',
      'look',
      () =>
        step(
          50 * hour,
          twice.map(({ at }) => ({ at, found: 'unavailable' })),
        ),
    ],
    ['with a key that has other content', 'review', () => step(hour, twice, { keyConflict: true })],
    ['with such a key, after one look', 'look', () => step(hour, looks(minute), { keyConflict: true })],
    ['where nothing can be looked for, with a key', 'replay', () => step(hour, [], {}, blind)],
    ['there, after the key’s life', 'review', () => step(23 * hour, [], {}, blind)],
    ['there, without a key', 'review', () => step(0, [], {}, { ...blind, replayForMs: 0 })],
  ])('%s is %s', (_name, kind, actual) => {
    expect(actual()).toBe(kind);
  });
});
