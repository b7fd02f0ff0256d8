import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { webhooks } from '../../../src/providers/prism/adyen/webhook.ts';
import type { AccountAccess } from '../../../src/providers/provider.ts';
import { buildAdyenDelivery, type AdyenItem } from '../../../src/testing/adyen-delivery.ts';
import { adyenKeys } from '../../support/prism.ts';

type Access = Parameters<typeof webhooks.read>[0];
type Item = Record<string, unknown>;

const KEY = adyenKeys.demo;
const reference = '0123456789abcdef0123456789abcdef01234567';
const at = new Date('2026-11-20T10:00:00Z');
const access = (webhookSecrets: readonly string[] | undefined = [KEY]): Access =>
  ({
    credentials: { connector: 'adyen', apiKey: 'k', merchantAccount: 'SimDemoECOM', webhookSecrets },
    options: {},
    clock: systemClock,
  }) as unknown as AccountAccess as Access;

const told: AdyenItem = {
  merchantAccount: 'SimDemoECOM',
  refundId: 'PSPREFUND0000001',
  paymentId: 'PSPPAYMENT000001',
  reference,
  amountMinor: 500,
  at,
};
const bodyOf = (...items: readonly AdyenItem[]): string => buildAdyenDelivery({ hmacKey: KEY, items }).body;
const read = (body: string, given = access()) =>
  webhooks.read(given, { method: 'POST', query: '', headers: {}, body: Buffer.from(body) });

/** The body with its first item changed after it was signed. */
function changed(change: (item: Item) => void, ...items: readonly AdyenItem[]): string {
  const body = JSON.parse(bodyOf(told, ...items)) as {
    notificationItems: { NotificationRequestItem: Item }[];
  };
  change(body.notificationItems[0]!.NotificationRequestItem);
  return JSON.stringify(body);
}

const evidenceOf = (item: Partial<AdyenItem>) => {
  const reading = read(bodyOf({ ...told, ...item }));
  return 'messages' in reading ? reading.messages[0]?.evidence : undefined;
};

describe('a notification of Adyen', () => {
  it('is verified by the known vector', () => {
    const text = 'PSP_R1:TX1:M:ref_001:500:USD:REFUND:true';
    const expected = 'vRdVPQE4hwL5TECxUuW8NXz72/iXnwwNLeDlHu/7GYs=';
    expect(createHmac('sha256', Buffer.from(KEY, 'hex')).update(text).digest('base64')).toBe(expected);
    const NotificationRequestItem = {
      additionalData: { hmacSignature: expected },
      pspReference: 'PSP_R1',
      originalReference: 'TX1',
      merchantAccountCode: 'M',
      merchantReference: 'ref_001',
      amount: { value: 500, currency: 'USD' },
      eventCode: 'REFUND',
      success: 'true',
      eventDate: '2026-11-20T10:00:00+00:00',
    };
    const body = JSON.stringify({ live: 'false', notificationItems: [{ NotificationRequestItem }] });
    const given = access();
    const ofM = { ...given, credentials: { ...given.credentials, merchantAccount: 'M' } };
    expect(read(body, ofM)).toMatchObject({
      kind: 'taken',
      answer: { status: 200, body: '[accepted]' },
      messages: [{ subject: { providerRefundId: 'PSP_R1', providerPaymentId: 'TX1', ourReference: null } }],
    });
  });

  it('is evidence of a refund, once however often it comes', () => {
    expect(read(bodyOf(told))).toEqual({
      kind: 'taken',
      answer: { status: 200, contentType: 'text/plain', body: '[accepted]' },
      messages: [
        {
          event: 'REFUND',
          deduplicationKey: 'PSPREFUND0000001 REFUND true',
          subject: {
            providerRefundId: 'PSPREFUND0000001',
            providerPaymentId: 'PSPPAYMENT000001',
            ourReference: reference,
          },
          evidence: {
            status: 'SUCCEEDED',
            rawStatus: 'REFUND:true',
            amount: { minor: 500n, currency: 'EUR' },
            at,
          },
        },
      ],
    });
    const later = read(bodyOf({ ...told, at: new Date('2026-11-21T10:00:00Z') }));
    expect('messages' in later && later.messages[0]?.deduplicationKey).toBe('PSPREFUND0000001 REFUND true');
  });

  it.each([
    ['REFUND', true, 'SUCCEEDED'],
    ['REFUND', false, 'FAILED'],
    ['REFUND_FAILED', true, 'FAILED'],
    ['REFUNDED_REVERSED', true, 'FAILED'],
    ['REFUND_FAILED', false, 'UNRECOGNISED'],
    ['REFUNDED_REVERSED', false, 'UNRECOGNISED'],
    ['REFUND_HELD', true, 'UNRECOGNISED'],
    ['REFUND_WITH_DATA', false, 'UNRECOGNISED'],
  ])('%s with success %s is %s', (eventCode, success, status) => {
    expect(evidenceOf({ eventCode, success })).toMatchObject({
      status,
      rawStatus: `${eventCode}:${success}`,
    });
  });

  it.each(['AUTHORISATION', 'CAPTURE', 'CANCELLATION', 'REPORT_AVAILABLE'])(
    '%s is acknowledged and forgotten',
    (eventCode) => {
      expect(read(bodyOf({ ...told, eventCode }))).toMatchObject({ kind: 'taken', messages: [] });
      expect(read(bodyOf({ ...told, paymentId: '', eventCode: 'NEWS' }))).toMatchObject({ messages: [] });
    },
  );

  it('of a currency that is counted otherwise keeps the figure that was signed, and of none has no amount', () => {
    expect(evidenceOf({ currency: 'ISK' })?.amount).toEqual({ minor: 500n, currency: 'ISK' });
    expect(evidenceOf({ currency: 'XXZ' })?.amount).toBeNull();
  });

  it('of a time to come is of now, unless clocks may differ by it', () => {
    const soon = new Date(Date.now() + 1_800_000);
    expect(evidenceOf({ at: soon })?.at).toEqual(soon);
    expect(evidenceOf({ at: new Date('2100-01-01') })?.at.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('is verified by each of several keys, in either case of the digits, and by no other', () => {
    const other = adyenKeys.other;
    expect(read(bodyOf(told), access([other, KEY]))).toMatchObject({ kind: 'taken' });
    expect(read(bodyOf(told), access([KEY.toLowerCase(), other]))).toMatchObject({ kind: 'taken' });
    expect(read(bodyOf(told), access([other]))).toMatchObject({ kind: 'refused', reason: 'FORGED' });
  });

  it('is refused by an account without keys', () => {
    const { credentials, ...rest } = access();
    const { webhookSecrets: _none, ...bare } = credentials;
    expect(read(bodyOf(told), { ...rest, credentials: bare })).toMatchObject({
      reason: 'NOT_CONFIGURED',
      answer: { status: 401 },
    });
  });

  it('of another merchant account is refused, though its signature is good', () => {
    const foreign = { ...told, merchantAccount: 'SimOtherECOM' };
    expect(read(bodyOf(foreign))).toMatchObject({ reason: 'FOREIGN', answer: { status: 401 } });
    expect(read(bodyOf(told, foreign))).toMatchObject({ reason: 'FOREIGN' });
  });

  const change = (name: string, value: unknown) => (item: Item) => void (item[name] = value);
  const signature = (edit: (text: string) => string) => (item: Item) => {
    const given = item['additionalData'] as { hmacSignature: string };
    given.hmacSignature = edit(given.hmacSignature);
  };
  it.each<[string, (item: Item) => void]>([
    ['pspReference', change('pspReference', 'PSPREFUND0000002')],
    ['originalReference', change('originalReference', 'PSPPAYMENT000002')],
    ['no originalReference', change('originalReference', undefined)],
    ['merchantAccountCode', change('merchantAccountCode', 'SimOtherECOM')],
    ['merchantReference', change('merchantReference', reference.replace('0', '1'))],
    ['value', change('amount', { value: 501, currency: 'EUR' })],
    ['currency', change('amount', { value: 500, currency: 'USD' })],
    ['eventCode', change('eventCode', 'REFUND_FAILED')],
    ['success', change('success', 'false')],
    ['no signature', change('additionalData', undefined)],
    ['an empty signature', signature(() => '')],
    ['a shorter signature', signature((text) => text.slice(0, -1))],
    ['a longer signature', signature((text) => `${text}=`)],
    ['another first digit', signature((text) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1))],
    // The last digit of 32 bytes has two bits that say nothing.
    ['bits that say nothing', signature((text) => `${text.slice(0, 42)}${next(text[42]!)}=`)],
    [
      'the characters of URLs',
      signature((text) => text.replaceAll('+', '-').replaceAll('/', '_').replace('=', '')),
    ],
  ])('that was changed after it was signed is refused: %s', (_name, edit) => {
    expect(read(changed(edit))).toMatchObject({ kind: 'refused', reason: 'FORGED', answer: { status: 401 } });
    // With good ones beside it, too: none of them is taken.
    expect(read(changed(edit, { ...told, refundId: 'PSPREFUND0000003' }))).toMatchObject({
      reason: 'FORGED',
    });
  });

  it('has no colon but in what the merchant writes, so that one text is of one item', () => {
    const free = { ...told, reference: 'shop:500:EUR' };
    expect(read(bodyOf(free))).toMatchObject({ kind: 'taken' });
    for (const more of [{ refundId: 'A:B' }, { paymentId: 'A:B' }])
      expect(read(bodyOf({ ...told, ...more }))).toMatchObject({ reason: 'MALFORMED' });
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"notificationItems":'],
    ['no object', '[]'],
    ['no items', '{"notificationItems":[]}'],
    ['another item', '{"notificationItems":[{}]}'],
    ['too many items', bodyOf(...Array.from({ length: 101 }, () => told))],
    ['a fraction', changed(change('amount', { value: 500.5, currency: 'EUR' }))],
    ['digits as a text', changed(change('amount', { value: '500', currency: 'EUR' }))],
    ['a number beyond exactness', changed(change('amount', { value: 2 ** 53, currency: 'EUR' }))],
    ['success of another type', changed(change('success', true))],
    ['no time', changed(change('eventDate', undefined))],
    ['a time that is none', changed(change('eventDate', 'yesterday'))],
    ['an id that cannot be one', bodyOf({ ...told, refundId: 'a b' })],
  ])('that cannot be read is refused: %s', (_name, body) => {
    expect(read(body)).toMatchObject({ kind: 'refused', reason: 'MALFORMED', answer: { status: 400 } });
  });
});

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** The digit with another one of the two bits that the end of 32 bytes leaves. */
const next = (digit: string): string => DIGITS[DIGITS.indexOf(digit) + 1]!;
