import { createTestService, refundInput, type TestService } from '../../support/service.ts';
import { testMerchants } from '../../support/world.ts';
import { withReader } from './play.ts';

const FIELDS = 'id status isFinal version freshness { asOf isStale pollAfterMs }';
export const ONE = `query One($id: ID!, $maxAgeSeconds: Int, $waitMs: Int) {
  refund(by: { id: $id }, maxAgeSeconds: $maxAgeSeconds, waitMs: $waitMs) { ${FIELDS} } }`;
export const LIST = `query List($filter: RefundFilter, $maxAgeSeconds: Int) {
  refunds(first: 100, filter: $filter, maxAgeSeconds: $maxAgeSeconds) { nodes { ${FIELDS} } pageInfo { hasNextPage } } }`;

/** A service whose clock can be moved, with what tests of conditional requests do to it. */
export interface Stage {
  readonly service: TestService;
  /** Everything works again, and new refunds are pending at the provider. */
  calm(): Promise<void>;
  /** A new refund of a new payment, by their ids. */
  makeRefund(): Promise<{ readonly id: string; readonly paymentId: string }>;
  /** Asks the provider now. */
  look(id: string): Promise<unknown>;
  /** Everything that is pending at the provider succeeds there. */
  settleAll(): Promise<unknown>;
  advance(seconds: number): Promise<void>;
}

export async function openStage(name: string): Promise<Stage> {
  const service = await createTestService(
    name,
    (sandbox) => ({ merchants: withReader(testMerchants(sandbox)) }),
    { movableClock: true },
  );
  return {
    service,
    async calm() {
      await service.control('faults', undefined, 'DELETE');
      await service.control('mode', { provider: 'yookassa', refunds: 'pending' });
    },
    async makeRefund() {
      const { data } = await service.graphql<{
        createRefund: { refund: { id: string; payment: { id: string } } };
      }>(
        'mutation ($input: CreateRefundInput!) { createRefund(input: $input) { refund { id payment { id } } errors { message } } }',
        { input: refundInput(await service.payment('100.00'), '10.00') },
      );
      const { refund } = data.createRefund;
      return { id: refund.id, paymentId: refund.payment.id };
    },
    look: (id) =>
      service.graphql(
        'mutation ($id: ID!) { syncRefund(input: { refund: $id, waitMs: 5000 }) { errors { message } } }',
        { id },
      ),
    settleAll: () => service.control('settle', { provider: 'yookassa', all: true, status: 'succeeded' }),
    async advance(advanceSeconds) {
      const { offsetSeconds } = await service.control<{ offsetSeconds: number }>('clock', { advanceSeconds });
      await service.app.moveClock(offsetSeconds);
    },
  };
}
