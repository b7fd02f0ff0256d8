import { beforeEach, describe, expect, test } from 'vitest';
import type { LegId, PaymentId, RefundId, SourceId } from '../../src/ids.ts';
import type { Snapshot } from '../support/snapshot.ts';
import { check, type Books, type Evidence } from './check.ts';
import type { Asked } from './history.ts';

type Deep<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? Deep<E>[] : T[K] };

const payment = 'payment-1' as PaymentId;
const refund = 'refund-1' as RefundId;
const leg = 'leg-1' as LegId;

let snapshot: Deep<Snapshot>;
let ledger: Deep<Books>;
let asked: Asked[];

const answered = (status = 'SUCCEEDED', id: string = refund): Asked['answer'] => ({
  kind: 'refund',
  refund: {
    id,
    status,
    isFinal: status === 'SUCCEEDED' || status === 'FAILED',
    retries: 0,
    amountMinor: '400',
  },
  replayed: false,
});
const about = { client: 'c', merchant: 'chaos', key: 'key-1', payment: 'pay', amountMinor: '400' };

/** A run in which one refund of 400 succeeded: nothing is wrong with it. */
beforeEach(() => {
  snapshot = {
    payments: [
      {
        id: payment,
        provider_payment_id: 'pay',
        captured_minor: 1_000n,
        refunded_minor: 400n,
        reserved_minor: 0n,
        unbound_minor: 0n,
        overcommitted: false,
      },
    ],
    sources: [
      {
        id: 'source-1' as SourceId,
        payment_id: payment,
        seller: 'shop',
        captured_minor: 1_000n,
        refunded_minor: 400n,
        reserved_minor: 0n,
        platform_fee_minor: null,
        fee_returned_minor: 0n,
        fee_reserved_minor: 0n,
        overcommitted: false,
      },
    ],
    lines: [],
    parts: [],
    refunds: [
      {
        id: refund,
        payment_id: payment,
        status: 'SUCCEEDED',
        origin: 'API',
        version: 2,
        retries: 0,
        amount_minor: 400n,
        returned_minor: 400n,
      },
    ],
    legs: [
      {
        id: leg,
        payment_id: payment,
        refund_id: refund,
        name: 'all',
        status: 'SUCCEEDED',
        amount_minor: 400n,
        returned_minor: 400n,
        attempt: 1,
        provider_refund_id: 'theirs-1',
        next_look_at: null,
      },
    ],
    shares: [
      { leg_id: leg, source_id: 'source-1' as SourceId, amount_minor: 400n, platform_fee_minor: null },
    ],
    attempts: [{ leg_id: leg, attempt: 1, provider_key: 'provider-key-1', sends: 1 }],
    events: [event('refund.created', null, 'PENDING', null), event('leg.moved', 'SENDING', 'SUCCEEDED', leg)],
    operations: [],
    keys: [{ merchant: 'chaos', key: 'key-1', refund_id: refund }],
  };
  ledger = {
    provider: 'yookassa',
    reference: 'pay',
    status: 'succeeded',
    capturedMinor: '1000',
    voided: false,
    refunds: [
      {
        id: 'theirs-1',
        status: 'succeeded',
        amountMinor: '400',
        sources: [],
        providerKey: 'provider-key-1',
        ourReference: 'provider-key-1',
        origin: 'api',
      },
    ],
  };
  asked = [{ ...about, action: 'create', answer: answered() }];
});

const event = (kind: string, from: string | null, to: string, of: LegId | null) => ({
  payment_id: payment,
  refund_id: refund,
  leg_id: of,
  kind,
  from_status: from,
  to_status: to,
  actor: 'system',
  source: 'PROVIDER_ANSWER',
  evidence: { cause: 'answer' },
});

const found = (): string[] => {
  const evidence: Evidence = { asked, snapshot: snapshot as Snapshot, ledger: [ledger], rowIdOf: (id) => id };
  return check(evidence).map(({ invariant, what }) => `${invariant} ${what}`);
};

test('a run without a fault is without a complaint', () => {
  expect(found()).toEqual([]);
});

describe('money', () => {
  test('a double refund at the provider, with one key and with two', () => {
    ledger.refunds.push({ ...ledger.refunds[0]!, id: 'theirs-2' });
    expect(found()).toEqual([
      expect.stringMatching(/^I3 .*two refunds of payment pay with the key provider-key-1/),
      expect.stringMatching(/^I2 .*returned 800, we count 400/),
      expect.stringMatching(/^I3 .*no leg has the refund theirs-2/),
    ]);
    ledger.refunds[1]!.providerKey = 'provider-key-2';
    expect(found()).toEqual([expect.stringMatching(/^I2 /), expect.stringMatching(/^I3 .*theirs-2/)]);
  });

  test('a refund that we call returned and the provider does not have', () => {
    ledger.refunds.pop();
    expect(found()).toEqual([expect.stringMatching(/^I2 .*returned 0, we count 400/)]);
  });

  test('a refund that is counted by the wrong leg, though the sums are right', () => {
    snapshot.legs[0]!.provider_refund_id = 'another';
    expect(found()).toEqual([expect.stringMatching(/^I3 .*no leg has the refund theirs-1/)]);
    snapshot.legs[0]!.provider_refund_id = 'theirs-1';
    snapshot.legs.push({ ...snapshot.legs[0]!, id: 'leg-2' as LegId, status: 'CANCELED' });
    expect(found()).toContainEqual(expect.stringMatching(/^I3 .*two legs have the refund theirs-1/));
  });

  test('a refund that failed there is nobody’s business, and neither is a leg that failed here', () => {
    ledger.refunds.push({ ...ledger.refunds[0]!, id: 'theirs-2', providerKey: null, status: 'canceled' });
    snapshot.legs.push({
      ...snapshot.legs[0]!,
      id: 'leg-2' as LegId,
      status: 'FAILED',
      returned_minor: 0n,
      provider_refund_id: null,
    });
    expect(found().filter((what) => !what.startsWith('I5'))).toEqual([]);
  });

  test('a refund that a person decided without an id, which is there, and which is not', () => {
    snapshot.legs[0]!.provider_refund_id = null;
    expect(found()).toEqual([]);
    ledger.refunds = [200, 200].map((minor, index) => ({
      ...ledger.refunds[0]!,
      id: `theirs-${index}`,
      providerKey: null,
      amountMinor: String(minor),
    }));
    expect(found()).toEqual([
      expect.stringMatching(/^I3 .*theirs-0/),
      expect.stringMatching(/^I3 .*theirs-1/),
      expect.stringMatching(/^I2 .*400 was decided to be returned/),
    ]);
  });

  test('a refund of the console, which counts where it can be seen and only there', () => {
    ledger.refunds.push({ ...ledger.refunds[0]!, id: 'theirs-2', origin: 'console', providerKey: null });
    expect(found()).toEqual([expect.stringMatching(/^I2 .*returned 800, we count 400/)]);
    ledger.provider = 'robokassa';
    expect(found()).toEqual([]);
    ledger.refunds[1]!.origin = 'api';
    expect(found()).toContainEqual(expect.stringMatching(/^I2 .*returned 800, we count 400/));
  });

  test('a difference of one minor unit that nobody explains', () => {
    ledger.refunds[0]!.amountMinor = '401';
    expect(found()).toEqual([expect.stringMatching(/^I2 .*returned 401, we count 400/)]);
  });

  test('a refund that nobody owns yet, and one that waits for a person, are counted apart', () => {
    ledger.refunds.push({ ...ledger.refunds[0]!, id: 'theirs-2', providerKey: null, amountMinor: '100' });
    expect(found()).toHaveLength(2);
    snapshot.payments[0]!.unbound_minor = 100n;
    expect(found()).toEqual([]);
  });

  test('a payment that the provider does not know', () => {
    ledger.reference = 'another';
    expect(found()).toEqual([expect.stringMatching(/^I2 .*not in the provider's books/)]);
  });

  test('sums that are not those of the legs, of a payment and of a seller', () => {
    snapshot.payments[0]!.reserved_minor = 1n;
    snapshot.sources[0]!.refunded_minor = 399n;
    expect(found()).toEqual([
      expect.stringMatching(/^I6 payment pay: reserved is 1, its legs add up to 0/),
      expect.stringMatching(/^I6 seller shop .*refunded is 399, its legs add up to 400/),
    ]);
  });

  test('more than was captured, unless that was marked as the provider’s doing', () => {
    for (const row of [snapshot.payments[0]!, snapshot.sources[0]!]) row.captured_minor = 399n;
    expect(found()).toEqual([expect.stringMatching(/^I1 payment/), expect.stringMatching(/^I1 seller/)]);
    for (const row of [snapshot.payments[0]!, snapshot.sources[0]!]) row.overcommitted = true;
    expect(found()).toEqual([]);
  });

  test('a hold that was called released and is not', () => {
    asked.push({ ...about, action: 'void', key: 'key-2', answer: { kind: 'outcome', outcome: 'VOIDED' } });
    expect(found()).toEqual([expect.stringMatching(/^I2 hold pay/)]);
    ledger.voided = true;
    expect(found()).toEqual([]);
  });
});

describe('what callers were told', () => {
  test('an acknowledged refund that is lost', () => {
    const lost = {
      ...about,
      key: 'key-2',
      action: 'create' as const,
      answer: answered('PENDING', 'refund-2'),
    };
    asked.push(lost);
    expect(found()).toEqual([
      expect.stringMatching(/^I4 key chaos\/key-2 .*belongs to nothing/),
      expect.stringMatching(/^I8 refund refund-2 was acknowledged and is lost/),
    ]);
  });

  test('one key that was answered with two refunds', () => {
    snapshot.refunds.push({ ...snapshot.refunds[0]!, id: 'refund-2' as RefundId, version: 0 });
    asked.push({ ...about, action: 'replay', answer: answered('SUCCEEDED', 'refund-2') });
    expect(found()).toEqual([
      expect.stringMatching(/^I4 key chaos\/key-1 was answered with refund-1 and refund-2/),
    ]);
  });

  test('other content under a used key that took effect', () => {
    asked.push({ ...about, action: 'conflict', answer: answered() });
    expect(found()).toEqual([expect.stringMatching(/^I4 other content under key chaos\/key-1/)]);
  });

  test('another amount than was asked for', () => {
    asked[0] = { ...asked[0]!, amountMinor: '300' };
    expect(found()).toEqual([expect.stringMatching(/^I4 refund refund-1 is 400, asked for was 300/)]);
  });

  test('a refund that was called failed and has returned money since', () => {
    asked[0] = { ...asked[0]!, answer: answered('FAILED') };
    expect(found()).toEqual([expect.stringMatching(/^I5 refund refund-1 was FAILED, and is SUCCEEDED/)]);
    snapshot.refunds[0]!.retries = 1;
    expect(found()).toEqual([]);
  });
});

test('a final state that was left without a caller', () => {
  snapshot.refunds[0]!.version = 4;
  snapshot.events.push(event('leg.moved', 'SUCCEEDED', 'REVERSED', leg));
  snapshot.events[2]!.evidence = { cause: 'evidence' };
  snapshot.events.splice(
    1,
    1,
    event('leg.moved', 'SENDING', 'FAILED', leg),
    event('leg.moved', 'FAILED', 'SUCCEEDED', leg),
  );
  snapshot.events[2]!.evidence = { cause: 'evidence' };
  expect(found().filter((what) => what.includes('became'))).toEqual([
    expect.stringMatching(/^I5 leg leg-1 was FAILED and became SUCCEEDED/),
    expect.stringMatching(/^I5 leg leg-1 was SUCCEEDED and became REVERSED/),
  ]);
  for (const each of snapshot.events) each.evidence = { ...each.evidence, rawStatus: 'under_review' };
  expect(found().filter((what) => what.includes('became'))).toEqual([]);
});

describe('what was left behind', () => {
  test('a leg that is still open, and one that nobody looks at', () => {
    snapshot.legs[0]!.status = 'UNKNOWN';
    snapshot.payments[0] = { ...snapshot.payments[0]!, reserved_minor: 400n, refunded_minor: 0n };
    snapshot.sources[0] = { ...snapshot.sources[0]!, reserved_minor: 400n, refunded_minor: 0n };
    snapshot.events[1]!.to_status = 'UNKNOWN';
    expect(found()).toEqual([
      expect.stringMatching(/^I7 leg leg-1 is UNKNOWN and nobody looks again/),
      expect.stringMatching(/^I2 /),
      expect.stringMatching(/^I7 leg leg-1 ended as UNKNOWN/),
    ]);
  });

  test('a release that is still unclear', () => {
    snapshot.operations.push({ id: 'operation-1' as never, payment_id: payment, status: 'UNKNOWN' });
    expect(found()).toEqual([expect.stringMatching(/^I7 operation operation-1 ended as UNKNOWN/)]);
  });

  test('a move without its event, by nobody, out of the table, or not from where the leg was', () => {
    snapshot.events.push(event('leg.moved', 'FAILED', 'SENDING', leg));
    snapshot.events[2]!.actor = '';
    snapshot.refunds[0]!.version = 3;
    expect(found()).toEqual([
      expect.stringMatching(/^I5 .*moved FAILED -> SENDING, but was SUCCEEDED/),
      expect.stringMatching(/^I5 .*by nobody/),
      expect.stringMatching(/^I5 .*the table does not have/),
      expect.stringMatching(/^I5 .*is SUCCEEDED, its last event says SENDING/),
      expect.stringMatching(/^I5 leg leg-1 was FAILED and became SENDING/),
    ]);
    snapshot.events.pop();
    expect(found()).toEqual([expect.stringMatching(/^I5 refund refund-1: 2 events for 3 versions/)]);
  });

  test('two attempts with one key', () => {
    snapshot.attempts.push({ ...snapshot.attempts[0]!, attempt: 2 });
    expect(found()).toEqual([expect.stringMatching(/^I3 two attempts have the key provider-key-1/)]);
  });
});
