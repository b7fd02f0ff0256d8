import { describe, expect, test } from 'vitest';
import { signatureOf, signJwt } from '../../../src/providers/robokassa/signatures.ts';
import { OP_KEY } from './shop.ts';

/** The shop `demo-shop` with the passwords `pass1-secret` to `pass3-secret` and its invoice 12345. */
describe('signatures of known requests', () => {
  test.each([
    ['md5', 'demo-shop:12345:pass2-secret', 'fd162d2c8f799945b35772d82f517376'],
    [
      'sha256',
      'demo-shop:12345:pass2-secret',
      '4b2e2ab9996aaf183b140ce6988f25c43243a48dc4970d12f0132d9081f5c27c',
    ],
    ['md5', 'demo-shop:100.00:12345:pass1-secret', '192192471001c5ae7b29a31a11eb39dd'],
    ['md5', 'demo-shop::12345:pass1-secret', 'bbb180af05ce1c49fd368933e1166eb6'],
    ['md5', '50.00:12345:demo-shop:pass1-secret', '6bfc3e380e4d4ec72907671b2c78b068'],
    [
      'sha256',
      '50.00:12345:demo-shop:pass1-secret',
      'b937be2002f3e6d677187ed04019e9116708a46506fdbfef8e303dfd7b45277a',
    ],
    ['md5', '12345:demo-shop:pass1-secret', 'd88bb9876855a3ffb28372360f789399'],
  ] as const)('%s of %s', (algorithm, base, hash) => {
    expect(signatureOf(algorithm, base.split(':'))).toBe(hash);
  });

  test.each([
    ['ripemd160', 40],
    ['sha1', 40],
    ['sha384', 96],
    ['sha512', 128],
  ] as const)('%s can be computed here', (algorithm, digits) => {
    expect(signatureOf(algorithm, ['a', 'b'])).toMatch(new RegExp(`^[0-9a-f]{${digits}}$`));
  });
});

const claims =
  'eyJPcEtleSI6IjBDMUQyRTNGLTRBNUItNEM2RC04RTdGLTkwQTFCMkMzRDRFNS14MVkyejNXNHY1IiwiUmVmdW5kU3VtIjo1MC4yNX0';

describe('JWTs of known refunds', () => {
  test.each([
    [
      'HS256',
      `{"OpKey":"${OP_KEY}"}`,
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJPcEtleSI6IjBDMUQyRTNGLTRBNUItNEM2RC04RTdGLTkwQTFCMkMzRDRFNS14MVkyejNXNHY1In0.BWMBqQWIulLCNGDErMfPCgc3oHW0ZkRnVnNR1wrjPj8',
    ],
    [
      'HS256',
      `{"OpKey":"${OP_KEY}","RefundSum":50.25}`,
      `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${claims}.UymRvHlBdHuYmiFi7BlvsX-Nq9xtK5EFMinBYKcG1r8`,
    ],
    [
      'HS512',
      `{"OpKey":"${OP_KEY}","RefundSum":50.25}`,
      `eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.${claims}.EUfZmK1-7rpyLq3ppVXPMHDpkQzAwgsMxbsU9oWE2ZiwabudGtq9qfLD3BsRVMLQ5oVqjmvSfZcSJGDGEpbkKA`,
    ],
  ] as const)('%s of %s', (algorithm, payload, jwt) => {
    expect(signJwt(payload, 'pass3-secret', algorithm)).toBe(jwt);
  });
});
