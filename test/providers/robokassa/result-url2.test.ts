import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { fc, test as property } from '@fast-check/vitest';
import { CompactSign } from 'jose';
import { describe, expect, test } from 'vitest';
import { PUBLIC_KEY, signJws } from '../../../sandbox/robokassa/signing-key.ts';
import { buildRoboKassaDelivery } from '../../../src/testing/robokassa-delivery.ts';
import { CERTIFICATE } from './certificate.ts';
import { fateOf, readBody, readQuery } from './notified.ts';
import { INVOICE, OP_KEY } from './shop.ts';

const rsa = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength });
const [own, next] = [rsa(), rsa()];
const pemOf = ({ publicKey }: { publicKey: ReturnType<typeof rsa>['publicKey'] }): string =>
  publicKey.export({ type: 'spki', format: 'pem' }).toString();
const configured = { options: { resultUrl2Certificate: pemOf(own) } };

const data = {
  shop: 'demo-shop',
  opKey: OP_KEY,
  invId: INVOICE,
  paymentMethod: 'BankCard',
  incSum: '1500.00',
  state: 'OK',
};
const notification = (more: object = {}): object => ({
  header: { type: 'PaymentStateNotification', version: '1.0.0', timestamp: '1795166131' },
  data: { ...data, ...more },
});

/** Signed by the library that users have. */
const jws = (payload: unknown = notification(), by = own, header: object = {}): Promise<string> =>
  new CompactSign(new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload)))
    .setProtectedHeader({ typ: 'JWT', alg: 'RS256', ...header } as { alg: string })
    .sign(by.privateKey);
const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

describe('ResultUrl2', () => {
  test.each(['OK', 'HOLD'])('of state %s is about the payment of its invoice', async (state) => {
    expect(await readBody(await jws(notification({ state })), configured)).toEqual({
      kind: 'taken',
      messages: [
        {
          event: 'ResultUrl2',
          deduplicationKey: `ResultUrl2 ${OP_KEY} ${state}`,
          subject: { providerRefundId: null, providerPaymentId: INVOICE, ourReference: null },
        },
      ],
      answer: { status: 200, contentType: 'text/plain', body: '' },
    });
  });

  test.each([
    ['a certificate', CERTIFICATE],
    ['a public key', PUBLIC_KEY],
    ['a list of them', [pemOf(next), `\n${CERTIFICATE}\n`]],
  ])('is verified by %s', async (_what, resultUrl2Certificate) => {
    expect(await fateOf(signJws(notification()), { options: { resultUrl2Certificate } })).toBe('taken');
  });

  test('is verified by each of several certificates while one follows another', async () => {
    const both = { options: { resultUrl2Certificate: [pemOf(own), pemOf(next)] } };
    for (const key of [own, next]) expect(await fateOf(await jws(notification(), key), both)).toBe('taken');
    expect(await fateOf(await jws(notification(), rsa()), both)).toBe('FORGED');
  });

  test('is refused where the account has no certificate, while ResultURL is taken', async () => {
    expect(await readBody(await jws())).toMatchObject({
      kind: 'refused',
      reason: 'NOT_CONFIGURED',
      answer: { status: 401 },
    });
    const form = buildRoboKassaDelivery({ invoiceId: INVOICE, outSum: '1.00', password2: 'pass2-secret' });
    expect(await fateOf(form.body)).toBe('taken');
    expect(await fateOf(form.body, configured)).toBe('taken');
  });

  test('of another shop is foreign', async () => {
    expect(await fateOf(await jws(notification({ shop: 'other-shop' })), configured)).toBe('FOREIGN');
    expect(await fateOf(await jws(notification({ shop: 'Demo-Shop' })), configured)).toBe('FOREIGN');
  });

  test('of another kind, and of an invoice that no payment has, is acknowledged and forgotten', async () => {
    const other = { header: { type: 'SomethingElse' }, data: { anything: 1 } };
    for (const payload of [other, notification({ invId: '0' })])
      expect(await readBody(await jws(payload), configured)).toMatchObject({ kind: 'taken', messages: [] });
  });

  test.each([
    ['no JSON', 'hello'],
    ['no header', { data }],
    ['no data', { header: { type: 'PaymentStateNotification' } }],
    ['an odd key', notification({ opKey: 'x' })],
    ['no key', notification({ opKey: undefined })],
    ['an invoice that is a word', notification({ invId: 'abc' })],
    ['an odd state', notification({ state: 'A\u0000' })],
    ['a state without end', notification({ state: 'X'.repeat(33) })],
    ['no state', notification({ state: null })],
  ])('that is signed and has %s cannot be read', async (_what, payload) => {
    expect(await fateOf(await jws(payload), configured)).toBe('MALFORMED');
  });

  test('signed by somebody else is forged, also if it brings its key', async () => {
    const other = rsa();
    const jwk = other.publicKey.export({ format: 'jwk' });
    expect(await fateOf(await jws(notification(), other, { jwk, kid: 'x' }), configured)).toBe('FORGED');
  });

  test.each(['none', 'HS256', 'PS256', 'RS384', 'ES256'])(
    'that names %s is forged, with and without the true signature',
    async (alg) => {
      const [, payload, signature] = (await jws()).split('.');
      for (const last of [signature, ''])
        expect(await fateOf(`${encode({ typ: 'JWT', alg })}.${payload}.${last}`, configured)).toBe('FORGED');
    },
  );

  test('with the public key as the secret of a symmetric signature is forged', async () => {
    for (const secret of [
      pemOf(own),
      pemOf(own).trim(),
      createPublicKey(pemOf(own)).export({ type: 'spki', format: 'der' }),
    ]) {
      for (const alg of ['HS256', 'RS256']) {
        const signed = `${encode({ typ: 'JWT', alg })}.${encode(notification())}`;
        const hmac = createHmac('sha256', secret).update(signed).digest('base64url');
        expect(await fateOf(`${signed}.${hmac}`, configured)).toBe('FORGED');
      }
    }
  });

  test('by another algorithm of the same key is forged', async () => {
    for (const alg of ['RS384', 'RS512', 'PS256'])
      expect(await fateOf(await jws(notification(), own, { alg }), configured)).toBe('FORGED');
  });

  test('in a query is no form', async () => {
    expect(await readQuery(await jws())).toMatchObject({ kind: 'refused', reason: 'FORGED' });
  });

  test('that is built for a test is taken', async () => {
    const privateKeys = [
      own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      own.privateKey.export({ format: 'jwk' }),
    ];
    for (const privateKey of privateKeys) {
      const { method, path, body } = buildRoboKassaDelivery({
        invoiceId: INVOICE,
        merchantLogin: 'demo-shop',
        opKey: OP_KEY,
        state: 'HOLD',
        incSum: '1500.00',
        privateKey,
      });
      expect([method, path]).toEqual(['POST', '']);
      expect(await readBody(body, configured)).toMatchObject({
        messages: [{ deduplicationKey: `ResultUrl2 ${OP_KEY} HOLD` }],
      });
    }
  });
});

describe('any JWS', () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=&+%/ \u00e9'.split('');
  const genuine = jws();

  property.prop([fc.nat(), fc.constantFrom(...letters)], { numRuns: 400 })(
    'with one character changed is refused',
    async (at, letter) => {
      const text = await genuine;
      const index = at % text.length;
      fc.pre(text[index] !== letter);
      const changed = text.slice(0, index) + letter + text.slice(index + 1);
      expect(await fateOf(changed, configured)).toMatch(/^(FORGED|MALFORMED)$/);
    },
  );

  test('with its last character changed is refused', async () => {
    const text = await genuine;
    for (const letter of letters.filter((one) => one !== text.at(-1)))
      expect(await fateOf(text.slice(0, -1) + letter, configured)).toMatch(/^(FORGED|MALFORMED)$/);
  });

  property.prop([fc.json()])('that is signed throws nothing', async (payload) => {
    expect(await fateOf(await jws(payload), configured)).toMatch(/^(taken|MALFORMED|FOREIGN)$/);
  });
});
