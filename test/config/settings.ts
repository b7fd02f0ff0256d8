import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import {
  type Config,
  ConfigError,
  type ConfigProblem,
  loadConfig,
  type ProviderSettings,
} from '../../src/config.ts';

const credentials = z.strictObject({
  shopId: z.string().regex(/^\d+$/, 'must be digits'),
  secretKey: z.string().min(1),
});

/** Transformed after it was checked, as where there are two kinds of credentials. */
const ofPartner = z
  .strictObject({
    clientId: z.string(),
    clientSecret: z.string(),
    account: z.string(),
    webhookSecrets: z.array(z.string()).optional(),
  })
  .transform((checked) => checked);

/** A provider as the configuration sees one; the tests of the configuration need no real provider. */
export const providers: Record<string, ProviderSettings> = {
  yookassa: {
    schema: credentials,
    identityOf: (value) => credentials.parse(value).shopId,
    defaultBaseUrl: 'https://api.yookassa.ru/v3',
  },
  razorpay: {
    schema: ofPartner,
    identityOf: (value) => ofPartner.parse(value).account,
    defaultBaseUrl: 'https://api.razorpay.com/v1',
  },
  ...Object.fromEntries(
    ['robokassa', 'stripe', 'prism'].map((code): [string, ProviderSettings] => [
      code,
      {
        schema: z.looseObject({}),
        options: z.looseObject({}),
        identityOf: (value) => `${code} ${JSON.stringify(value)}`,
      },
    ]),
  ),
  'yandex-pay': {
    schema: z.strictObject({ apiKey: z.string(), merchantId: z.string() }),
    options: z.strictObject({ edition: z.enum(['ru', 'uz']).default('ru') }),
    identityOf: (value) => z.object({ merchantId: z.string() }).parse(value).merchantId,
    defaultBaseUrlOf: (options) =>
      `https://pay.yandex.${z.object({ edition: z.string() }).parse(options).edition}/api/merchant`,
  },
  homegrown: { schema: z.strictObject({ login: z.string() }), identityOf: () => '100' },
};

export const HASH_A = 'a'.repeat(64);
export const HASH_B = 'b'.repeat(64);

export const account = (more: object = {}) => ({
  code: 'shop-main',
  provider: 'yookassa',
  displayName: 'Main shop',
  credentials: { shopId: '100', secretKey: 'sk-canary' },
  ...more,
});
export const key = (more: object = {}) => ({
  name: 'backend',
  sha256: HASH_A,
  scopes: ['read', 'write'],
  ...more,
});
export const merchant = (more: object = {}) => ({
  code: 'acme',
  name: 'Acme',
  keys: [key()],
  accounts: [account()],
  ...more,
});

/** A secret of so many bytes, each the given one. */
export const secretOf = (bytes: number, fill = 7): string =>
  `whsec_${Buffer.alloc(bytes, fill).toString('base64')}`;

export const endpoint = (more: object = {}) => ({
  code: 'orders',
  url: 'https://orders.example.com/refund-events',
  secrets: [secretOf(32)],
  ...more,
});

export type Env = Record<string, string | undefined>;

/** Loads with an accounts file that holds this text, or this document as JSON. */
export function loadFile(content: unknown, env: Env = {}, credentials = providers): Config {
  const directory = mkdtempSync(join(tmpdir(), 'refund-config-'));
  try {
    const file = join(directory, 'accounts.json');
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return loadConfig({ ACCOUNTS_FILE: file, ...env }, { credentials });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export const load = (env: Env): Config => loadConfig(env, { credentials: providers });

/** What a configuration that must be refused is refused for. */
function refusalOf(act: () => unknown): readonly ConfigProblem[] {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

export const problemsOf = (act: () => unknown): string[] =>
  refusalOf(act).map(({ where, message }) => `${where}: ${message}`);

export const wheresOf = (act: () => unknown): string[] => refusalOf(act).map(({ where }) => where);
