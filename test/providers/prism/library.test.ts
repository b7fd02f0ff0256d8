import { expect, it } from 'vitest';
import { credentials } from '../../../src/providers/prism/credentials.ts';
import { loadLibrary } from '../../../src/providers/prism/library.ts';
import { accounts } from './bench.ts';
import { fakeLibrary } from './fake-library.ts';

it('the library is loaded once its native part is', async () => {
  if (fakeLibrary.kind === 'missing') throw new Error(fakeLibrary.message);
  const { library } = fakeLibrary;
  expect(await loadLibrary(() => Promise.resolve(library))).toMatchObject({ kind: 'loaded', library });
});

it('a package that is not installed is said, with the way to install it', async () => {
  const loaded = await loadLibrary(() => Promise.reject(new Error('ERR_MODULE_NOT_FOUND')));
  expect(loaded).toEqual({
    kind: 'missing',
    message:
      'The package hyperswitch-prism is not installed. It is optional: npm install --save-optional --save-exact hyperswitch-prism@0.4.0.',
  });
});

it('a native library that does not load is said, with what it needs', async () => {
  class Broken {
    constructor() {
      throw new Error("version `GLIBC_2.38' not found");
    }
  }
  const loaded = await loadLibrary(() => Promise.resolve({ UniffiClient: Broken }));
  expect(loaded).toMatchObject({ kind: 'missing', message: expect.stringContaining('glibc 2.38') });
});

it.each([
  { ...accounts.stripe, apiKey: '' },
  { ...accounts.stripe, apiKey: { value: 'sk_test_1' } },
  { ...accounts.stripe, accountId: 'SimStripe' },
  { ...accounts.adyen, merchantAccount: undefined },
  { ...accounts.checkout, processingChannelId: undefined },
  { ...accounts.checkout, merchantAccount: 'of-adyen' },
  { ...accounts.adyen, connector: 'paypal' },
])('the credentials %j are refused before anything is sent with them', (given) => {
  expect(credentials.safeParse(given).success).toBe(false);
});
