import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { sql } from 'kysely';
import type { Config } from '../../../src/config.ts';
import { driveDue } from '../../../src/refunds/engine/drive-due.ts';
import { createTestService, refundInput, type TestService } from '../../support/service.ts';
import { watchVersions } from '../../support/unversioned-changes.ts';
import { testMerchants } from '../../support/world.ts';

/** A step of a random life; `which` chooses among the refunds that there are. */
export const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      fault: fc.constantFrom('', '', 'lost-before-effect', 'lost-after-effect', 'refuse', 'rate-limited'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      to: fc.constantFrom('succeeded', 'succeeded', 'canceled'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('look' as const), which: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('drive' as const),
      fault: fc.constantFrom('', '', 'lost-before-effect', 'error-before-effect'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      seconds: fc.constantFrom(1, 7, 60, 900, 5_000, 90_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retry' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('decide' as const), which: fc.nat(), returned: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('see payment' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('hold' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

interface Known {
  readonly id: string;
  readonly payment: string;
}

/** A service that lives a random life, one step after the other. */
export interface Play {
  readonly service: TestService;
  /** Refunds of merchant `demo`, oldest first; the first is one that the steps leave alone. */
  readonly refunds: readonly Known[];
  take(step: Step): Promise<void>;
  release(): Promise<void>;
  /** Waits for what goes on in the background. */
  idle(): Promise<void>;
}

export const READER = 'rf_test_reader';

/** Merchant `demo` with a second key, which may read only. */
export const withReader = (merchants: Config['merchants']): Config['merchants'] =>
  merchants.map((merchant) => {
    const sha256 = createHash('sha256').update(READER).digest('hex');
    const reader = { name: 'reader', sha256, scopes: ['read'] as const };
    return merchant.code === 'demo' ? { ...merchant, keys: [...merchant.keys, reader] } : merchant;
  });

export const startPlay = async (name: string): Promise<Play> => {
  const service = await createTestService(
    name,
    (sandbox) => ({ merchants: withReader(testMerchants(sandbox)) }),
    { movableClock: true },
  );
  const { db } = service.database;
  await watchVersions(db);
  const refunds: Known[] = [];
  const { background } = service.app.world;
  const running = new Set<Promise<void>>();
  const run = background.run.bind(background);
  Object.assign(background, {
    run(name: string, task: () => Promise<unknown>) {
      const promise = run(name, task).finally(() => running.delete(promise));
      running.add(promise);
      return promise;
    },
  });
  let held: { readonly commit: () => void; readonly done: Promise<void> } | undefined;

  async function create(): Promise<void> {
    const paymentId = await service.payment('100.00');
    const { data } = await service.graphql<{
      createRefund: { refund: { id: string; payment: { id: string } } | null };
    }>(
      'mutation ($input: CreateRefundInput!) { createRefund(input: $input) { refund { id payment { id } } errors { message } } }',
      { input: refundInput(paymentId, '10.00', { note: 'played', metadata: { step: 'create' } }) },
    );
    const { refund } = data.createRefund;
    if (refund !== null) refunds.push({ id: refund.id, payment: refund.payment.id });
  }
  const mutate = (name: string, type: string, input: object) =>
    service.graphql(`mutation ($input: ${type}!) { ${name}(input: $input) { errors { message } } }`, {
      input,
    });
  const chosen = (which: number): Known => refunds[1 + (which % (refunds.length - 1))]!;
  const stateOf = async (id: string) => {
    const { data } = await service.graphql<{ refund: { version: number; retries: number } }>(
      'query ($id: ID!) { refund(by: { id: $id }) { version retries } }',
      { id },
    );
    return data.refund;
  };

  /** Changes a refund and keeps it to itself, while others commit what they have begun later. */
  async function hold(id: string): Promise<void> {
    const rowId = Buffer.from(id, 'base64').toString().split(':')[1]!;
    const mayCommit = Promise.withResolvers<void>();
    const changed = Promise.withResolvers<void>();
    const done = db.transaction().execute(async (tx) => {
      await sql`UPDATE refunds SET note = 'held ' || version, version = version + 1 WHERE id = ${rowId}`.execute(
        tx,
      );
      changed.resolve();
      await mayCommit.promise;
    });
    held = { commit: mayCommit.resolve, done };
    await changed.promise;
  }

  const play: Play = {
    service,
    refunds,
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
    async release() {
      held?.commit();
      await held?.done;
      held = undefined;
    },
    async take(one) {
      await service.control('faults', undefined, 'DELETE');
      const arm = (kind: string) =>
        kind === ''
          ? undefined
          : service.control('faults', {
              provider: 'yookassa',
              operation: 'createRefund',
              kind,
              ...(kind === 'refuse' ? { code: 'insufficient_funds' } : {}),
            });
      switch (one.do) {
        case 'create':
          await arm(one.fault);
          return create();
        case 'settle':
          await service.control('settle', { provider: 'yookassa', all: true, status: one.to });
          return;
        case 'look':
          await mutate('syncRefund', 'SyncRefundInput', { refund: chosen(one.which).id, waitMs: 5_000 });
          return;
        case 'drive':
          await arm(one.fault);
          await driveDue(service.app.world);
          return;
        case 'pass': {
          const { offsetSeconds } = await service.control<{ offsetSeconds: number }>('clock', {
            advanceSeconds: one.seconds,
          });
          return service.app.moveClock(offsetSeconds);
        }
        case 'retry': {
          const { id } = chosen(one.which);
          const { retries } = await stateOf(id);
          await mutate('retryRefund', 'RetryRefundInput', { refund: id, expectedRetries: retries });
          return;
        }
        case 'cancel':
          await mutate('cancelRefund', 'CancelRefundInput', { refund: chosen(one.which).id });
          return;
        case 'decide': {
          const { id } = chosen(one.which);
          const { version } = await stateOf(id);
          const returned = { amount: { value: '10.00', currency: 'RUB' }, noProviderId: true };
          await mutate('resolveRefund', 'ResolveRefundInput', {
            refund: id,
            expectedVersion: version,
            verdict: one.returned ? { returned } : { notReturned: {} },
            evidence: 'Played.',
          });
          return;
        }
        case 'see payment':
          await service.graphql(
            'query ($id: ID!) { payment(by: { id: $id }, maxAgeSeconds: 0, waitMs: 5000) { version } }',
            { id: chosen(one.which).payment },
          );
          return;
        case 'hold':
          if (held === undefined) await hold(refunds[0]!.id);
          return;
        case 'release':
          return play.release();
      }
    },
  };
  // The one that others hold: final, so that nobody else changes it.
  await service.control('mode', { provider: 'yookassa', refunds: 'instant' });
  await create();
  await service.control('mode', { provider: 'yookassa', refunds: 'pending' });
  await create();
  return play;
};
