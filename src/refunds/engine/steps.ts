import type { DueAccount } from '../../db/due.ts';
import type { LegId } from '../../ids.ts';
import type { Connection } from '../../providers/connections.ts';
import { noteStuck } from '../attention.ts';
import type { World } from '../world.ts';
import { lookAtDuePayments } from '../look-at-payments.ts';
import { sweepAccount } from '../sweep-account.ts';
import { driveLegs } from './drive-legs.ts';
import { driveRestoring } from './drive-restoring.ts';
import { driveVoids } from './drive-voids.ts';
import { driveWebhooks } from './drive-webhooks.ts';

export interface StepOutcome {
  /** There may be more to do at once. */
  readonly isFull: boolean;
  /** The legs that were worked on. */
  readonly legIds: readonly LegId[];
}

/** What all accounts of one round have in common. */
export interface Round {
  /** Rows of one kind that are taken at a time. */
  readonly batchSize: number;
  /** True from when nothing more is to be begun. */
  isStopping(): boolean;
}

/** One kind of work of an account, a batch at a time. */
interface Step {
  readonly name: string;
  /** What has to be due for it; see `listDueAccounts`. */
  readonly on: Exclude<keyof DueAccount, 'accountId'>;
  run(world: World, connection: Connection, round: Round): Promise<StepOutcome>;
}

const nothingMore: StepOutcome = { isFull: false, legIds: [] };

/** What a round does for an account that has something due, in this order; one that fails does not stop the next. */
export const steps: readonly Step[] = [
  { name: 'restoring', on: 'restoring', run: driveRestoring },
  // A look that a message asks for needs no other one in the same round.
  { name: 'webhooks', on: 'webhooks', run: driveWebhooks },
  { name: 'legs', on: 'legs', run: driveLegs },
  { name: 'voids', on: 'operations', run: driveVoids },
  // A sweep makes payments due, so it comes before them.
  {
    name: 'sweep',
    on: 'sweep',
    run: async (world, connection) => {
      await sweepAccount(world, connection);
      return nothingMore;
    },
  },
  {
    name: 'payments',
    on: 'payments',
    run: async (world, connection) => {
      await lookAtDuePayments(world, connection);
      return nothingMore;
    },
  },
];

/** What is done after each batch of legs, with those legs. */
export const afterLegs: readonly ((
  world: World,
  connection: Connection,
  legIds: readonly LegId[],
) => Promise<void>)[] = [noteStuck];
