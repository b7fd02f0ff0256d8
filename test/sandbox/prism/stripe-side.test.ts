import { describe, expect, it } from 'vitest';
import { SandboxClock } from '../../../sandbox/clock.ts';
import { Journal } from '../../../sandbox/journal.ts';
import { PrismSimulator } from '../../../sandbox/prism/simulator.ts';
import type { StripeSimulator } from '../../../sandbox/prism/stripe-side.ts';
import type { LedgerPayment, NewPayment, Settlement } from '../../../sandbox/simulator.ts';
import { eur } from './harness.ts';

const refund = (id: string, status: string) => ({
  id,
  status,
  amountMinor: '100',
  currency: 'EUR',
  sources: [],
  origin: 'api' as const,
  providerKey: null,
  ourReference: null,
  createdAt: '',
});

const payment = (reference: string, account: string): LedgerPayment => ({
  provider: 'stripe',
  reference,
  currency: 'EUR',
  capturedMinor: '15000',
  account,
  status: 'succeeded',
  voided: false,
  releasedMinor: '0',
  refunds: [refund(`re_${reference}_done`, 'succeeded'), refund(`re_${reference}`, 'pending')],
});

/** A stand-in that writes down what it was asked. */
function startStripe() {
  const asked: { payments: NewPayment[]; settlements: Settlement[]; modes: unknown[]; console: string[] } = {
    payments: [],
    settlements: [],
    modes: [],
    console: [],
  };
  const books = [payment('pi_mine', 'prism-demo'), payment('pi_theirs', 'stripe-demo')];
  const stripe: StripeSimulator = {
    createPayment: (input) => (asked.payments.push(input), 'pi_new'),
    readyPayments: () =>
      books.map(({ reference, account }) => ({ reference, account, description: 'ready' })),
    consoleRefund: ({ reference }) => (asked.console.push(reference), 're_console'),
    settle: (settlement) => (asked.settlements.push(settlement), [String(settlement.refundId)]),
    mode: () => ({ refunds: 'instant' }),
    setMode: (mode) => void asked.modes.push(mode),
    ledger: (reference) => books.filter((one) => reference === undefined || one.reference === reference),
  };
  return { asked, stripe };
}

function start() {
  const { asked, stripe } = startStripe();
  const journal = Journal.open();
  const clock = new SandboxClock(journal, Date.now);
  const prism = new PrismSimulator({ journal, clock, seed: false, webhookUrl: undefined }, stripe);
  return { asked, prism };
}

const NEW = { amount: eur('150.00'), status: 'captured' } as const;

describe('the connector stripe behind prism', () => {
  it('gets payments that name it or no connector, for the account prism-demo', () => {
    const { asked, prism } = start();
    expect(prism.createPayment({ ...NEW })).toBe('pi_new');
    expect(prism.createPayment({ ...NEW, connector: 'stripe', account: 'prism-demo' })).toBe('pi_new');
    expect(asked.payments.map(({ account, connector }) => [account, connector])).toEqual([
      ['prism-demo', undefined],
      ['prism-demo', undefined],
    ]);
    expect(() => prism.createPayment({ ...NEW, account: 'stripe-demo' })).toThrow('only prism-demo');
    expect(prism.createPayment({ ...NEW, connector: 'adyen' })).toMatch(/^[A-Z0-9]{16}$/);
    expect(asked.payments).toHaveLength(2);
  });

  it('shows its payments of prism-demo as prism’s, and no others', () => {
    const { prism } = start();
    const psp = prism.createPayment({ ...NEW, connector: 'adyen' });
    expect(prism.ledger().map(({ provider, reference }) => [provider, reference])).toEqual([
      ['prism', 'pi_mine'],
      ['prism', psp],
    ]);
    expect(prism.ledger('pi_theirs')).toEqual([]);
    expect(prism.readyPayments().map(({ reference }) => reference)).toEqual(['pi_mine']);
  });

  it('settles its own pending refunds, one or all, and never those of other accounts', () => {
    const { asked, prism } = start();
    expect(prism.settle({ all: true, status: 'succeeded' })).toEqual(['re_pi_mine']);
    expect(prism.settle({ refundId: 're_pi_mine_done', status: 'failed' })).toEqual(['re_pi_mine_done']);
    expect(asked.settlements).toEqual([
      { refundId: 're_pi_mine', status: 'succeeded' },
      { refundId: 're_pi_mine_done', status: 'failed' },
    ]);
    expect(() => prism.settle({ refundId: 're_pi_theirs', status: 'failed' })).toThrow('no such refund');
  });

  it('follows the mode of refunds, and takes fields of its own', () => {
    const { asked, prism } = start();
    prism.setMode({ refunds: 'pending' });
    prism.setMode({ adyenReasons: 'accept' });
    prism.setMode({ stripe: { replay: 'stored' } });
    expect(asked.modes).toEqual([{ refunds: 'pending' }, { replay: 'stored' }]);
    expect(prism.mode()).toMatchObject({ refunds: 'pending', stripe: { refunds: 'instant' } });
    expect(() => prism.setMode({ nonsense: 1, refunds: 'instant' })).toThrow('not a known field');
    expect(asked.modes).toHaveLength(2);
  });

  it('gets refunds of the cabinet for its own payments', () => {
    const { asked, prism } = start();
    expect(prism.consoleRefund({ reference: 'pi_mine', amount: eur('1.00') })).toBe('re_console');
    expect(() => prism.consoleRefund({ reference: 'pi_theirs', amount: eur('1.00') })).toThrow(
      'no such payment',
    );
    expect(asked.console).toEqual(['pi_mine']);
  });
});
