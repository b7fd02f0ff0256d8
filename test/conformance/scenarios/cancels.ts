import { Untried } from '../observed.ts';
import { CANCELED, SUCCEEDED, type Outcome, type Scenario } from '../scenario.ts';

const missing: Outcome = { errors: ['CAPABILITY_MISSING'], effects: 0, returned: 'nothing' };
const voided: Outcome = { cancels: ['VOIDED'], effects: 1, returned: 'nothing' };

export const cancels: readonly Scenario[] = [
  {
    name: 'void of a hold',
    needs: 'voidAuthorized',
    without: missing,
    expects: voided,
    async does(s) {
      await s.cancelPayment(await s.payment({ status: 'authorized' }));
    },
  },
  {
    name: 'void whose answer is lost after its effect',
    rows: ['7'],
    needs: 'voidAuthorized',
    expects: voided,
    async does(s) {
      const payment = await s.payment({ status: 'authorized' });
      await s.fault('lost-after-effect', { operation: 'cancelPayment' });
      await s.cancelPayment(payment);
    },
  },
  {
    name: 'void whose answer is lost before its effect',
    rows: ['8'],
    needs: 'voidAuthorized',
    expects: voided,
    async does(s) {
      const payment = await s.payment({ status: 'authorized' });
      await s.fault('lost-before-effect', { operation: 'cancelPayment' });
      await s.cancelPayment(payment);
    },
  },
  {
    name: 'a hold is captured while it is released',
    rows: ['f'],
    needs: 'voidAuthorized',
    expects: { cancels: ['REFUND_CREATED'], ends: [SUCCEEDED], effects: 1, sends: 1, returned: 'whole' },
    async does(s) {
      if (s.subject.capture === undefined) throw new Untried('nobody can capture there');
      const payment = await s.payment({ status: 'authorized' });
      await s.fault('lost-before-effect', { operation: 'cancelPayment' });
      await s.cancelPayment(payment, { ifCaptured: 'REFUND' }, () => s.capture(payment));
      await s.untilEnded();
    },
  },
  {
    name: 'an unpaid payment is closed',
    needs: 'cancelUnpaid',
    without: missing,
    expects: voided,
    async does(s) {
      await s.cancelPayment(await s.payment({ status: 'pending' }));
    },
  },
  {
    name: 'cancelPayment of what was captured is refused',
    expects: { errors: ['NOT_CANCELABLE'], effects: 0, sends: 0, returned: 'nothing' },
    async does(s) {
      await s.cancelPayment(await s.payment());
    },
  },
  {
    name: 'cancelPayment of what was captured refunds it when asked to',
    expects: { cancels: ['REFUND_CREATED'], ends: [SUCCEEDED], effects: 1, returned: 'whole' },
    async does(s) {
      await s.cancelPayment(await s.payment(), { ifCaptured: 'REFUND' });
      await s.untilEnded();
    },
  },
  {
    name: 'a refund is stopped at the provider',
    needs: 'cancelRefund',
    without: { errors: ['NOT_CANCELABLE'], ends: [SUCCEEDED], effects: 1, returned: 'part' },
    expects: { ends: [CANCELED], effects: 2, returned: 'nothing' },
    async does(s) {
      await s.mode('stoppable');
      const refund = await s.refund(await s.payment());
      await s.cancelRefund(refund!.id);
      // Where it was not stopped, it goes on.
      if (s.adapter.cancel === undefined) await s.settle('succeeded');
      await s.untilEnded();
    },
  },
];
