import { Writable } from 'node:stream';
import pino from 'pino';
import { expect } from 'vitest';
import type { AccountId, RefundId } from '../../src/ids.ts';
import { createRefund, type CreateRefundCommand } from '../../src/refunds/create-refund.ts';
import { driveDue } from '../../src/refunds/engine/drive-due.ts';
import type { World } from '../../src/refunds/world.ts';
import { refundCommand, refundRow, valueOf } from './rules.ts';
import type { TestWorld, WorldDifferences } from './world.ts';

/** What a world has logged, by line. */
export interface RecordedLog {
  readonly log: pino.Logger;
  /** Codes of the alerts so far. */
  alerts(): string[];
  /** Messages of lines at error level that are no alerts. */
  errors(): string[];
  /** Every line as it was written. */
  all(): readonly object[];
  clear(): void;
}

export function recordLog(): RecordedLog {
  const lines: { level: number; alert?: string; msg: string }[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as (typeof lines)[number]);
      done();
    },
  });
  return {
    log: pino({ level: 'info' }, sink),
    alerts: () => lines.flatMap(({ alert }) => alert ?? []),
    errors: () => lines.flatMap(({ level, alert, msg }) => (level >= 50 && alert === undefined ? msg : [])),
    all: () => lines,
    clear: () => void (lines.length = 0),
  };
}

/** Nothing makes these accounts well again. */
class PausedForGood extends Set<AccountId> {
  override delete(): boolean {
    return false;
  }
}

/** A process whose refunds are committed and left to others: it takes every account to be paused. */
export async function silentWorld(t: TestWorld, differences?: WorldDifferences): Promise<World> {
  const world = await t.replica(differences);
  const accounts = world.connections.all().map((connection) => connection.accountId);
  return { ...world, pausedAccounts: new PausedForGood(accounts) };
}

/** Reserves a refund that nobody sends; by default of 400.00. */
export async function queueRefund(
  t: TestWorld,
  silent: World,
  paymentId: string,
  minor = 40_000n,
  more: Partial<CreateRefundCommand> = {},
): Promise<RefundId> {
  const command = refundCommand(paymentId, minor, { waitMs: 0, ...more });
  const { refundId } = valueOf(await createRefund(silent, t.caller(), command));
  expect(await refundRow(t, refundId)).toMatchObject({ status: 'QUEUED', attempts: [{ sends: 0 }] });
  return refundId;
}

export const statusOf = async (t: TestWorld, refundId: RefundId): Promise<string> =>
  (await refundRow(t, refundId)).status;

export const legOf = async (t: TestWorld, refundId: RefundId) => (await refundRow(t, refundId)).legs[0]!;

/** Moves the time on and drives a round, so often. */
export async function pass(t: TestWorld, world: World, seconds: number, times = 1): Promise<void> {
  for (let round = 0; round < times; round += 1) {
    await t.advance(seconds);
    await driveDue(world);
  }
}

/** I7: what is not final has the time of its next look or is a person's, and no claim was left behind. */
export async function expectScheduled(t: TestWorld): Promise<void> {
  const { db } = t.database;
  const forgotten = await db
    .selectFrom('refund_legs')
    .select(['id', 'status'])
    .where('status', 'in', ['QUEUED', 'SENDING', 'PENDING', 'UNKNOWN'])
    .where('next_look_at', 'is', null)
    .execute();
  expect(forgotten, 'I7').toEqual([]);
  const open = await db
    .selectFrom('payment_operations')
    .select(['id', 'status'])
    .where('finalized_at', 'is', null)
    .where('next_look_at', 'is', null)
    .execute();
  expect(open, 'I7 of operations').toEqual([]);
}
