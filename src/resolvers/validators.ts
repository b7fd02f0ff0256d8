import { createHash } from 'node:crypto';
import { MAX_ABOVE_HORIZON, stateReadsOf, type PaymentState, type RefundState } from '../db/read-states.ts';
import type { MerchantId, PaymentId, RefundId } from '../ids.ts';
import { isFinalRefund } from '../refunds/derive.ts';
import type { Freshness } from '../refunds/looks/freshness.ts';
import { startDueLooks } from '../refunds/looks/look-together.ts';
import type { Caller, World } from '../refunds/world.ts';
import { parseGlobalId } from './global-id.ts';
import { freshnessOfState } from './refund-fields.ts';
import { summarizeFreshness } from './shown-freshness.ts';

/** Something that an operation names by its global id. */
export interface Subject {
  readonly globalId: string;
  /** Undefined: its field never asks a provider. */
  readonly maxAgeSeconds: number | undefined;
  readonly waitMs: number;
}

/** What was read of the subjects of an operation, all after the call. */
export interface SubjectStates {
  /** Two of them are equal only when nothing of the subjects has changed in between. */
  readonly validator: string;
  /** Undefined where no refund is named, or none is there. */
  readonly freshness: Freshness | undefined;
  /** Refunds about which a provider is to be asked before their stored state may be called current. */
  readonly due: readonly DueLook[];
}

export interface DueLook {
  readonly refundId: RefundId;
  readonly maxAgeSeconds: number;
  readonly waitMs: number;
}

/** What tags of answers are made of, in place of the answers themselves. */
export interface Validators {
  /** @param countsPayments whether the payment of a refund is among what must not have changed */
  readSubjects(
    merchantId: MerchantId,
    subjects: readonly Subject[],
    countsPayments: boolean,
  ): Promise<SubjectStates>;
  /** Of all refunds of the merchant together; undefined: it cannot be told cheaply at the moment. */
  readFeed(merchantId: MerchantId): Promise<string | undefined>;
  /** Starts the looks that are due, and does not wait for them. */
  startLooks(caller: Caller, due: readonly DueLook[]): Promise<void>;
  /** What answers depend on besides: how the accounts are configured. */
  readonly configuration: string;
}

export function createValidators(world: World): Validators {
  const reads = stateReadsOf(world.db);
  return {
    async readSubjects(merchantId, subjects, countsPayments) {
      const states = await Promise.all(subjects.map((subject) => readSubject(merchantId, subject)));
      return {
        validator: states.map((state) => validatorOf(state, countsPayments)).join(' '),
        freshness: summarizeFreshness(states.flatMap((state) => freshnessIn(world, state))),
        due: states.flatMap((state) => dueIn(world, state)),
      };
    },
    async readFeed(merchantId) {
      const feed = await reads.feed(merchantId, 'feed');
      if (feed === undefined || feed.above_count > MAX_ABOVE_HORIZON) return undefined;
      return `${feed.newest ?? '-'} ${feed.above ?? '-'}`;
    },
    async startLooks({ viewer: { merchantId } }, due) {
      const byAge = Map.groupBy(due, ({ maxAgeSeconds }) => maxAgeSeconds);
      await Promise.all(
        [...byAge].map(([maxAgeSeconds, some]) =>
          startDueLooks(
            world,
            merchantId,
            some.map(({ refundId }) => refundId),
            maxAgeSeconds,
          ),
        ),
      );
    },
    configuration: fingerprintOf(world),
  };

  async function readSubject(merchantId: MerchantId, subject: Subject): Promise<State> {
    const parsed = parseGlobalId(subject.globalId);
    switch (parsed?.type) {
      case 'Refund':
        return { subject, refund: await reads.refund(merchantId, parsed.id as RefundId) };
      case 'Payment':
        return { subject, payment: await reads.payment(merchantId, parsed.id as PaymentId) };
      default:
        return { subject };
    }
  }
}

interface State {
  readonly subject: Subject;
  readonly refund?: RefundState | undefined;
  readonly payment?: PaymentState | undefined;
}

function validatorOf({ refund, payment }: State, countsPayments: boolean): string {
  if (refund !== undefined)
    return `${refund.epoch}.${refund.version}${countsPayments ? `.${refund.payment_version}` : ''}`;
  return payment === undefined ? '-' : `${payment.epoch}.${payment.version}`;
}

const freshnessIn = (world: World, { subject, refund }: State): Freshness[] =>
  refund === undefined
    ? []
    : [
        freshnessOfState(
          world,
          refund,
          { asOf: refund.as_of, nextLookAt: refund.next_look_at },
          subject.maxAgeSeconds,
          world.clock.now(),
        ),
      ];

/**
 * Whether any leg is older than wanted and than the shortest interval of its account; by the database's time. What
 * somebody has asked about in vain since counts as due here: then whoever looks decides.
 */
function dueIn(world: World, { subject: { maxAgeSeconds, waitMs }, refund }: State): DueLook[] {
  if (refund === undefined || maxAgeSeconds === undefined || isFinalRefund(refund.status)) return [];
  const connection = world.connections.find(refund.account_id);
  if (connection === undefined || refund.open_as_of === null) return [];
  const ageMs = refund.read_at.getTime() - refund.open_as_of.getTime();
  const isDue = ageMs > Math.max(maxAgeSeconds * 1000, connection.minLookIntervalMs);
  return isDue ? [{ refundId: refund.id, maxAgeSeconds, waitMs }] : [];
}

/** Changes when accounts are configured otherwise, so that what is shown of them may be another. */
function fingerprintOf({ connections }: World): string {
  const told = connections.all().map((connection) => {
    const { accountId, adapter, arrivalDays } = connection;
    const { code, capabilities, hidesRefundId } = adapter;
    return JSON.stringify(
      [accountId, code, hidesRefundId, arrivalDays, capabilities],
      (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value),
    );
  });
  return createHash('sha256').update(told.toSorted().join('\n')).digest('base64url');
}
