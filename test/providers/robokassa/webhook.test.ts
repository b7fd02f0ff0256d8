import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { robokassaV1, robokassaV2 } from '../../../src/providers/robokassa/index.ts';
import { hashAlgorithms } from '../../../src/providers/robokassa/settings.ts';
import { buildRoboKassaDelivery } from '../../../src/testing/robokassa-delivery.ts';
import { accessOf, fateOf, readBody, readQuery } from './notified.ts';
import { INVOICE } from './shop.ts';

const password2 = 'pass2-secret';
const known = { invoiceId: INVOICE, outSum: '100.000000', password2, shopFields: { Shp_order: 'A-77' } };
const formOf = (more: object = {}): string => buildRoboKassaDelivery({ ...known, ...more }).body;
/** The form with other fields than were signed. */
const changed = (change: (form: URLSearchParams) => void): string => {
  const form = new URLSearchParams(formOf());
  change(form);
  return form.toString();
};

describe('ResultURL', () => {
  test('is received by both ways to the provider, by POST and by GET', () => {
    for (const { webhooks } of [robokassaV1, robokassaV2]) {
      expect(webhooks).toMatchObject({ path: '', methods: ['POST', 'GET'], verifiedBy: 'SIGNATURE' });
      expect(webhooks!.events).toEqual(['ResultURL', 'ResultUrl2']);
    }
  });

  test('is about the payment of its invoice, and is answered by OK and the invoice', async () => {
    const reading = {
      kind: 'taken',
      messages: [
        {
          event: 'ResultURL',
          deduplicationKey: 'ResultURL 12345',
          subject: { providerRefundId: null, providerPaymentId: '12345', ourReference: null },
        },
      ],
      answer: { status: 200, contentType: 'text/plain', body: 'OK12345' },
    };
    expect(await readBody(formOf())).toEqual(reading);
    expect(await readQuery(formOf())).toEqual(reading);
  });

  test('of the published form is taken', async () => {
    const written =
      'OutSum=100.000000&InvId=12345&Fee=0.000000&EMail=buyer%40example.com&SignatureValue=F0A95F1CFF474B609F2984EA0B5A1C24&PaymentMethod=BankCard&IncCurrLabel=BankCard&Shp_order=A-77';
    expect(await fateOf(written)).toBe('taken');
    expect(
      await fateOf(written.replace('F0A95F1CFF474B609F2984EA0B5A1C24', 'A5A547E414C8C1F87699DBC544AECAB8')),
    ).toBe('FORGED');
  });

  test('is signed over what is decoded, the fields of the shop in the order of their names', async () => {
    const shopFields = { Shp_z: 'a b+c%20&=:Ж', Shp_a: '', shp_b: 'x', SHP_c: '1' };
    const body = formOf({ shopFields });
    expect(body).toContain('Shp_z=a+b%2Bc%2520%26%3D%3A%D0%96');
    expect(await fateOf(body)).toBe('taken');
    // A space may be written in two ways, and hex in two cases.
    expect(await fateOf(body.replace('a+b', 'a%20b').replaceAll('%2B', '%2b'))).toBe('taken');
    expect(await fateOf(body.replace('%3D', '='))).toBe('taken');
    expect(await fateOf(body.replace('a+b', 'a%2Bb'))).toBe('FORGED');
    expect(await fateOf(body.split('&').toReversed().join('&'))).toBe('taken');
    expect(
      await fateOf(
        body.replace(/SignatureValue=\w+/, (hex) => `SignatureValue=${hex.slice(15).toLowerCase()}`),
      ),
    ).toBe('taken');
  });

  test.each(hashAlgorithms)(
    'is verified by %s where the shop is set to it, and only there',
    async (hashAlgorithm) => {
      const body = formOf({ hashAlgorithm });
      expect(await fateOf(body, { options: { hashAlgorithm } })).toBe('taken');
      for (const other of hashAlgorithms.filter((one) => one !== hashAlgorithm))
        expect(await fateOf(body, { options: { hashAlgorithm: other } })).toBe('FORGED');
    },
  );

  test.each(['100', '100.5', '0.01', '99999999999999999999'])('with the sum %s is taken', async (outSum) => {
    expect(await fateOf(formOf({ outSum }))).toBe('taken');
  });

  test.each([
    ['another sum', (form: URLSearchParams) => form.set('OutSum', '1.000000')],
    ['the same sum, written otherwise', (form: URLSearchParams) => form.set('OutSum', '100.00')],
    ['another invoice', (form: URLSearchParams) => form.set('InvId', '12346')],
    ['another field of the shop', (form: URLSearchParams) => form.set('Shp_order', 'A-78')],
    ['one more', (form: URLSearchParams) => form.set('shp_more', '')],
    ['one less', (form: URLSearchParams) => form.delete('Shp_order')],
    ['no signature', (form: URLSearchParams) => form.delete('SignatureValue')],
    ['no invoice', (form: URLSearchParams) => form.delete('InvId')],
    ['no sum', (form: URLSearchParams) => form.delete('OutSum')],
    ['an empty signature', (form: URLSearchParams) => form.set('SignatureValue', '')],
    ['no hex', (form: URLSearchParams) => form.set('SignatureValue', 'z'.repeat(32))],
    [
      'a digit less',
      (form: URLSearchParams) => form.set('SignatureValue', form.get('SignatureValue')!.slice(1)),
    ],
    ['a digit more', (form: URLSearchParams) => form.set('SignatureValue', `${form.get('SignatureValue')}0`)],
    ['a space', (form: URLSearchParams) => form.set('SignatureValue', `${form.get('SignatureValue')} `)],
  ])('with %s is forged', async (_what, change) => {
    expect(await fateOf(changed(change))).toBe('FORGED');
  });

  test('signed with another password is forged, also with that of the browser', async () => {
    for (const other of ['pass1-secret', 'pass3-secret', '', 'pass2-secret '])
      expect(await fateOf(formOf({ password2: other }))).toBe('FORGED');
  });

  test.each([
    ['a field of the shop', `${formOf()}&Shp_order=A-77`],
    ['the invoice', `${formOf()}&InvId=1`],
    ['the signature', `SignatureValue=0&${formOf()}`],
    ['anything else', `${formOf()}&Fee=1`],
    ['a name in another writing', `${formOf()}&%49nvId=1`],
  ])('that has %s twice cannot be read', async (_what, body) => {
    expect(await fateOf(body)).toBe('MALFORMED');
  });

  test.each([
    ['bytes that are no UTF-8', Buffer.concat([Buffer.from(`${formOf()}&x=`), Buffer.from([0xff, 0xfe])])],
    ['escapes that are no UTF-8', `${formOf()}&x=%FF`],
    ['an escape that is cut', `${formOf()}&x=%2`],
    ['an escape that is none', `${formOf()}&x=%zz`],
    ['hundreds of fields', `${formOf()}&${Array.from({ length: 300 }, (_, n) => `a${n}=`).join('&')}`],
    ['a sum with a colon', formOf({ outSum: '100:1' })],
    ['a sum that is a word', formOf({ outSum: 'NaN' })],
    ['an invoice that is a word', formOf({ invoiceId: 'abc' })],
    ['an invoice below zero', formOf({ invoiceId: '-1' })],
    ['an invoice with a line break', formOf({ invoiceId: '1\n2' })],
  ])('with %s cannot be read, though it is signed', async (_what, body) => {
    expect(await readBody(body)).toMatchObject({ reason: 'MALFORMED', answer: { status: 400 } });
  });

  test.each(['0', '9223372036854775808', '007'])(
    'of the invoice %s, which no payment has, is acknowledged and forgotten',
    async (invoiceId) => {
      expect(await readBody(formOf({ invoiceId }))).toMatchObject({
        kind: 'taken',
        messages: [],
        answer: { body: `OK${invoiceId}` },
      });
    },
  );

  test('borders of what is signed cannot be moved to another invoice', async () => {
    // The same text between the colons, cut elsewhere.
    const signature = new URLSearchParams(formOf({ outSum: '1', invoiceId: '2', shopFields: {} })).get(
      'SignatureValue',
    )!;
    for (const [outSum, invoiceId] of [
      ['1:2', ''],
      ['', '1:2'],
      ['1:2', password2],
    ] as const) {
      const form = new URLSearchParams({ OutSum: outSum, InvId: invoiceId, SignatureValue: signature });
      expect(await fateOf(form.toString())).toBe('MALFORMED');
    }
  });

  test('in the query of a POST counts for nothing', async () => {
    expect(
      await robokassaV2.webhooks!.read(accessOf(), {
        method: 'POST',
        query: formOf(),
        headers: {},
        body: Buffer.from(''),
      }),
    ).toMatchObject({ kind: 'refused', reason: 'FORGED', answer: { status: 401 } });
  });
});

describe('any form', () => {
  const field = fc.constantFrom('OutSum', 'InvId', 'SignatureValue', 'Shp_order', 'Shp_other');
  const text = fc.string({ unit: 'binary', maxLength: 12 });

  property.prop([fc.uint8Array({ maxLength: 300 })])('of any bytes throws nothing', async (bytes) => {
    expect(await fateOf(Buffer.from(bytes))).toMatch(/^(FORGED|MALFORMED|NOT_CONFIGURED)$/);
  });

  property.prop([
    fc.string({ unit: fc.constantFrom(...'OutSumInvId=&+%20;:.\u0000é'.split('')), maxLength: 60 }),
  ])('of odd texts throws nothing', async (query) => {
    expect((await readQuery(query)).kind).toBe('refused');
  });

  property.prop([field, text])('with one field changed is refused', async (name, value) => {
    const form = new URLSearchParams(formOf());
    fc.pre((form.get(name) ?? undefined)?.toLowerCase() !== value.toLowerCase());
    form.set(name, value);
    expect(await fateOf(form.toString())).toMatch(/^(FORGED|MALFORMED)$/);
  });

  property.prop([fc.nat(), fc.constantFrom(...'0123456789abcdefABCDEF.-+%&='.split(''))])(
    'with one character of what is signed changed is refused',
    async (at, letter) => {
      const genuine = formOf();
      const parts = [...genuine.matchAll(/(OutSum|InvId|SignatureValue|Shp_order)=[^&]*/g)].map(
        ({ 0: part }) => part,
      );
      const written = parts.join('&');
      const index = at % written.length;
      const other = written.slice(0, index) + letter + written.slice(index + 1);
      fc.pre(other.toLowerCase() !== written.toLowerCase());
      expect(await fateOf(written)).toBe('taken');
      expect(await fateOf(other)).toMatch(/^(FORGED|MALFORMED)$/);
    },
  );

  property.prop([
    fc.dictionary(
      fc.string({ unit: 'binary', maxLength: 8 }).map((name) => `Shp_${name}`),
      text,
    ),
  ])('with any fields of the shop is taken as it was signed', async (shopFields) => {
    // What is no text of Unicode cannot be written in a form.
    const wellFormed = Object.fromEntries(
      Object.entries(shopFields).map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]),
    );
    expect(await fateOf(formOf({ shopFields: wellFormed }))).toBe('taken');
  });
});
