import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, FAULT_OPTIONS } from '../../sandbox/faults.ts';
import * as razorpayPayments from '../../sandbox/razorpay/demo-payments.ts';
import * as razorpaySettings from '../../sandbox/razorpay/settings.ts';
import * as stripePayments from '../../sandbox/stripe/demo-payments.ts';
import * as stripeSettings from '../../sandbox/stripe/settings.ts';
import * as yandexPayments from '../../sandbox/yandex-pay/demo-payments.ts';
import * as yandexSettings from '../../sandbox/yandex-pay/settings.ts';
import { DEMO_PAYMENTS } from '../../sandbox/yookassa/demo-payments.ts';
import { DEFAULT_SETTINGS } from '../../sandbox/yookassa/settings.ts';

const guide = readFileSync(new URL('../../docs/sandbox.md', import.meta.url), 'utf8');
const [general = '', ofRazorpay = ''] = guide.split('\n## Razorpay and Curlec\n');
const [, ofStripe = ''] = guide.split('\n## Stripe\n');
const [, ofYandexPay = ''] = guide.split('\n## Yandex Pay and Split\n');

describe('docs/sandbox.md', () => {
  it.each(FAULT_KINDS)('explains the fault %s with its options', (kind) => {
    const row = guide
      .split('\n')
      .find((line) => line.startsWith('| `') && line.split('|')[1]?.includes(`\`${kind}\``));
    expect(row).toBeDefined();
    for (const option of FAULT_OPTIONS[kind]) expect(row?.split('|')[2]).toContain(`\`${option}\``);
  });

  it.each(Object.keys(DEFAULT_SETTINGS))('explains the mode %s', (name) => {
    expect(general).toContain(`| \`${name}\` |`);
  });

  it.each(Object.entries(razorpaySettings.DEFAULT_SETTINGS))(
    'explains the mode %s of razorpay with its default',
    (name, value) => {
      const shown = typeof value === 'string' ? value : JSON.stringify(value);
      expect(ofRazorpay).toContain(`| \`${name}\` | \`${shown}\` |`);
    },
  );

  it.each(Object.entries(stripeSettings.DEFAULT_SETTINGS))(
    'explains the mode %s of stripe with its default',
    (name, value) => {
      const shown = typeof value === 'string' ? value : JSON.stringify(value);
      expect(ofStripe).toContain(`| \`${name}\` | \`${shown}\` |`);
    },
  );

  it('lists the ready payments of stripe as they are', () => {
    for (const { reference, account, description } of stripePayments.DEMO_PAYMENTS) {
      expect(ofStripe).toContain(`| \`${reference}\` | \`${account}\` | ${description} |`);
    }
  });

  it.each(Object.entries(yandexSettings.DEFAULT_SETTINGS))(
    'explains the mode %s of yandex-pay with its default',
    (name, value) => {
      const shown = typeof value === 'string' ? value : JSON.stringify(value);
      expect(ofYandexPay).toContain(`| \`${name}\` | \`${shown}\` |`);
    },
  );

  it('lists the ready payments as they are', () => {
    for (const { reference, account, description } of [
      ...DEMO_PAYMENTS,
      ...razorpayPayments.DEMO_PAYMENTS,
      ...yandexPayments.DEMO_PAYMENTS,
    ]) {
      expect(guide).toContain(`| \`${reference}\` | \`${account}\` | ${description} |`);
    }
  });
});
