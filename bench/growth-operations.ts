import { randomUUID } from 'node:crypto';
import { graphql } from 'graphql';
import { claimDueLegs, listDueAccounts, listLookedAtLegs } from '../src/db/due.ts';
import { claimDuePayments } from '../src/db/due-payments.ts';
import { claimDeliveries, listDueEndpoints, putOffBlocked } from '../src/db/event-deliveries.ts';
import { listEndpointLags } from '../src/db/event-lag.ts';
import { forgetEvents } from '../src/db/forget-events.ts';
import { readBacklog } from '../src/db/metrics.ts';
import {
  claimDueDeliveries,
  deleteIgnoredDeliveries,
  deleteOldDeliveries,
} from '../src/db/webhook-deliveries.ts';
import type { EventEndpointId } from '../src/ids.ts';
import type { Caller, World } from '../src/refunds/world.ts';
import { createContext } from '../src/resolvers/context.ts';
import { printFeedCursor } from '../src/resolvers/feed-cursor.ts';
import { buildSchema } from '../src/schema/index.ts';
import type { Samples } from './growth-samples.ts';
import type { WatchedBackground } from './watched-background.ts';

/** Who asks, and for what. */
export interface Grown {
  /** Its database is a plan log. */
  readonly world: World & { readonly background: WatchedBackground };
  readonly caller: Caller;
  readonly samples: Samples;
  /** Code of the account of the payments below. */
  readonly account: string;
  /** The provider's ids of payments with nothing refunded and facts that are fresh; each is used once. */
  readonly refundable: string[];
  /** Where changes are told. */
  readonly endpoint: { readonly id: EventEndpointId; readonly url: string } | undefined;
}

export interface GrownOperation {
  readonly name: string;
  /** Lists, feed and create have a bar. */
  readonly part: 'list' | 'feed' | 'create' | 'read' | 'engine' | 'forget';
  /** Of the merchant that has nearly everything, and of the one that has next to nothing; absent: both. */
  readonly only?: 'large';
  run(grown: Grown): Promise<unknown>;
}

async function ask<Data>(grown: Grown, source: string, variableValues: object = {}): Promise<Data> {
  const { data, errors } = await graphql({
    schema: buildSchema(),
    source,
    variableValues: { ...variableValues },
    contextValue: createContext(grown.world, grown.caller),
  });
  if (errors !== undefined) throw new AggregateError(errors, errors[0]?.message);
  return data as Data;
}

const LIST = `query ($first: Int, $after: String, $last: Int, $filter: RefundFilter, $order: RefundOrder) {
  refunds(first: $first, after: $after, last: $last, filter: $filter, order: $order) { edges { cursor node { id status } } } }`;
const PAYMENTS = `query ($after: String, $filter: PaymentFilter) {
  payments(first: 50, after: $after, filter: $filter) { edges { cursor node { id status } } } }`;

type Filter = (samples: Samples) => object;

const list = (name: string, filter: Filter, more: object = {}, only?: 'large'): GrownOperation => ({
  name: `refunds: ${name}`,
  part: 'list',
  ...(only && { only }),
  run: (grown) => ask(grown, LIST, { first: 50, filter: filter(grown.samples), ...more }),
});

const days = (at: Date, count: number): string => new Date(at.getTime() + count * 86_400_000).toISOString();
const month: Filter = ({ at }) => ({ createdAt: { from: days(at, 0), to: days(at, 30) } });

/** Filters that have an index, first pages and pages from the middle; and those that need a bounded time, with one. */
const lists: readonly GrownOperation[] = [
  list('all, first page', () => ({})),
  list('all, last page', () => ({}), { last: 50 }),
  list('oldest first', () => ({}), { order: 'CREATED_AT_ASC' }),
  {
    name: 'refunds: all, a page in the middle',
    part: 'list',
    run: (grown) => ask(grown, LIST, { first: 50, filter: {}, after: cursorOf(grown.samples) }),
  },
  list('a month, first page', month),
  list('a month, last page', month, { last: 50 }),
  list('of an account', ({ account }) => ({ account })),
  {
    name: 'refunds: of an account, a page in the middle',
    part: 'list',
    run: (grown) =>
      ask(grown, LIST, {
        first: 50,
        filter: { account: grown.samples.account },
        after: cursorOf(grown.samples),
      }),
  },
  list('of an account with few', ({ otherAccount }) => ({ account: otherAccount })),
  list('FAILED of an account with few', ({ otherAccount }) => ({
    account: otherAccount,
    status: ['FAILED'],
  })),
  list('of a payment', ({ payment }) => ({ payment })),
  list('of an order', ({ orderReference }) => ({ orderReference })),
  list('by reference', ({ reference }) => ({ reference })),
  list('by ids', ({ refunds }) => ({ ids: refunds })),
  list('SUCCEEDED', () => ({ status: ['SUCCEEDED'] })),
  list('FAILED', () => ({ status: ['FAILED'] })),
  list('PENDING', () => ({ status: ['PENDING'] })),
  list('SUCCEEDED or FAILED', () => ({ status: ['SUCCEEDED', 'FAILED'] })),
  list('SUCCEEDED or FAILED, last page', () => ({ status: ['SUCCEEDED', 'FAILED'] }), { last: 50 }),
  {
    name: 'refunds: SUCCEEDED or FAILED, a page in the middle',
    part: 'list',
    run: (grown) =>
      ask(grown, LIST, {
        first: 50,
        filter: { status: ['SUCCEEDED', 'FAILED'] },
        after: cursorOf(grown.samples),
      }),
  },
  list('UNKNOWN or MANUAL_REVIEW', () => ({ status: ['UNKNOWN', 'MANUAL_REVIEW'] })),
  list('open ones of an account', ({ account }) => ({
    account,
    status: ['QUEUED', 'PENDING', 'UNKNOWN', 'MANUAL_REVIEW'],
  })),
  list('MANUAL_REVIEW of an account', ({ account }) => ({ account, status: ['MANUAL_REVIEW'] })),
  list('needs attention', () => ({ needsAttention: true })),
  list('of a seller', ({ seller }) => ({ seller })),
  list('of a large seller', ({ largeSeller }) => ({ seller: largeSeller }), {}, 'large'),
  list('open ones of a month', (samples) => ({ ...month(samples), isFinal: false })),
  list('FAILED of a month', (samples) => ({ ...month(samples), status: ['FAILED'] })),
  list('made elsewhere, of a month', (samples) => ({ ...month(samples), origin: 'EXTERNAL' })),
];

/** Behind the refund in the middle. */
const cursorOf = ({ at }: Samples): string =>
  Buffer.from(`${at.toISOString().slice(0, 23)}000Z|ffffffff-ffff-ffff-ffff-ffffffffffff`).toString(
    'base64url',
  );

const payments = (name: string, filter: Filter, after?: (samples: Samples) => string): GrownOperation => ({
  name: `payments: ${name}`,
  part: 'list',
  run: (grown) => ask(grown, PAYMENTS, { filter: filter(grown.samples), after: after?.(grown.samples) }),
});

const paymentLists: readonly GrownOperation[] = [
  payments('all, first page', () => ({})),
  payments('all, a page in the middle', () => ({}), cursorOf),
  payments('of an account', ({ account }) => ({ account })),
  payments('of an account with few', ({ otherAccount }) => ({ account: otherAccount })),
  payments('of an order', ({ orderReference }) => ({ orderReference })),
  payments('CANCELED of a month', (samples) => ({ ...month(samples), status: ['CANCELED'] })),
  {
    name: 'payments: with their refunds',
    part: 'list',
    run: (grown) =>
      ask(grown, `{ payments(first: 20) { nodes { id refunds(first: 5) { nodes { id status } } } } }`),
  },
];

const CHANGES = `query ($after: String, $filter: RefundChangeFilter) {
  refundChanges(after: $after, first: 50, filter: $filter) { cursor hasMore changes { refund { id } version } } }`;

const feed: readonly GrownOperation[] = [
  { name: 'refundChanges: the cursor of now', part: 'feed', run: (grown) => ask(grown, CHANGES) },
  {
    name: 'refundChanges: from the middle',
    part: 'feed',
    run: (grown) => ask(grown, CHANGES, { after: printFeedCursor(grown.samples.change) }),
  },
  {
    name: 'refundChanges: of an account, from the middle',
    part: 'feed',
    run: (grown) =>
      ask(grown, CHANGES, {
        after: printFeedCursor(grown.samples.change),
        filter: { account: grown.samples.account },
      }),
  },
  {
    name: 'refundChanges: nothing new',
    part: 'feed',
    async run(grown) {
      const { refundChanges } = await ask<{ refundChanges: { cursor: string } }>(grown, CHANGES);
      return ask(grown, CHANGES, { after: refundChanges.cursor });
    },
  },
];

const create: readonly GrownOperation[] = [
  {
    name: 'createRefund',
    part: 'create',
    only: 'large',
    async run(grown) {
      const paymentId = grown.refundable.pop();
      if (paymentId === undefined) throw new Error('There are no more payments to refund.');
      const input = {
        idempotencyKey: randomUUID(),
        payment: { provider: { account: grown.account, paymentId } },
        amount: { money: { value: '1.00', currency: 'RUB' } },
        reason: 'GOODWILL',
        waitMs: 10_000,
      };
      const { createRefund } = await ask<{ createRefund: { refund: { status: string } | null } }>(
        grown,
        `mutation ($input: CreateRefundInput!) {
           createRefund(input: $input) { replayed refund { id status } errors { code message } } }`,
        { input },
      );
      if (createRefund.refund?.status !== 'SUCCEEDED') throw new Error(JSON.stringify(createRefund));
    },
  },
];

const reads: readonly GrownOperation[] = [
  {
    name: 'poll one refund',
    part: 'read',
    run: (grown) =>
      ask(
        grown,
        'query ($id: ID!) { refund(by: { id: $id }) { id status isFinal freshness { pollAfterMs } } }',
        {
          id: grown.samples.refund,
        },
      ),
  },
  {
    name: 'a refund by its reference',
    part: 'read',
    run: (grown) =>
      ask(grown, 'query ($reference: String!) { refund(by: { reference: $reference }) { id } }', {
        reference: grown.samples.reference,
      }),
  },
  {
    name: 'twenty refunds with all that belongs to them',
    part: 'read',
    run: (grown) =>
      ask(
        grown,
        `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Refund { id status summary allowedActions attention { reason }
           legs { id status } sources { seller amount { value } } items { amount { value } } history { kind }
           payment { id status refundability { reasons } } } } }`,
        { ids: grown.samples.refunds },
      ),
  },
];

/** Pages and batches of the engine are of the size that it takes. */
const engine: readonly GrownOperation[] = [
  {
    name: 'which accounts have anything due',
    part: 'engine',
    run: ({ world, samples }) => listDueAccounts(world.db, [samples.accountId]),
  },
  {
    name: 'claim due legs',
    part: 'engine',
    async run({ world, samples }) {
      const legs = await claimDueLegs(world.db, samples.accountId, 20, 1_000);
      if (legs.length > 0)
        await listLookedAtLegs(
          world.db,
          legs.map(({ id }) => id),
        );
    },
  },
  {
    name: 'claim due payments',
    part: 'engine',
    run: ({ world, samples }) => claimDuePayments(world.db, samples.accountId, 20, 1_000),
  },
  {
    name: 'claim messages of the provider',
    part: 'engine',
    run: ({ world, samples }) => claimDueDeliveries(world.db, samples.accountId, 20, 1_000),
  },
  {
    name: 'claim deliveries',
    part: 'engine',
    only: 'large',
    async run({ world, endpoint }) {
      if (endpoint === undefined) return;
      await listDueEndpoints(world.db, [endpoint]);
      await claimDeliveries(world.db, endpoint.id, 20, 1_000);
      await putOffBlocked(world.db, endpoint.id, 20);
    },
  },
  {
    name: 'metrics and lag',
    part: 'engine',
    only: 'large',
    async run({ world }) {
      await readBacklog(world.db);
      await listEndpointLags(world.db);
    },
  },
];

const forget: readonly GrownOperation[] = [
  { name: 'forget events', part: 'forget', only: 'large', run: ({ world }) => forgetEvents(world.db, 20) },
  {
    name: 'forget messages of providers',
    part: 'forget',
    only: 'large',
    async run({ world, samples }) {
      await deleteOldDeliveries(world.db, 30 * 86_400_000, 20);
      await deleteIgnoredDeliveries(world.db, samples.accountId, 10, 20);
    },
  },
];

/** All that must cost the same whatever there is in the database. */
export const grownOperations: readonly GrownOperation[] = [
  ...lists,
  ...paymentLists,
  ...feed,
  ...create,
  ...reads,
  ...engine,
  ...forget,
];
