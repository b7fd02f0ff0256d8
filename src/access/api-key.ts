import { createHash, randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { CODE, CODE_RULE, KEY_NAME, KEY_NAME_RULE } from '../config/accounts-schema.ts';
import { allOrNothing, ConfigError, type Report } from '../config/problems.ts';
import { type Scope, scopes } from '../context.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** 40 characters of 62 are 238 bits: nothing that could be guessed, so a plain SHA-256 protects it when stored. */
const RANDOM_CHARACTERS = 40;

export interface NewApiKey {
  /** The secret; shown once and stored nowhere by us. */
  readonly key: string;
  /** What the accounts file holds, lower-case hex. */
  readonly sha256: string;
}

/** Makes a key from the operating system's random numbers: `rf_live_` and 40 letters and digits. */
export function generateApiKey(): NewApiKey {
  const random = Array.from({ length: RANDOM_CHARACTERS }, () => ALPHABET.charAt(randomInt(ALPHABET.length)));
  const key = `rf_live_${random.join('')}`;
  return { key, sha256: hashApiKey(key) };
}

/** SHA-256 of the key's UTF-8 bytes in lower-case hex, the form in which keys are configured and compared. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}

interface NewKeyRequest {
  readonly merchant: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
}

/**
 * The command `key --merchant acme --name backend --scopes read,write`: makes a key and returns the text to print, with
 * the key, which is shown this once, and the entry for the accounts file, which holds its hash only. Nothing is stored.
 * Throws a ConfigError with everything that is wrong with the arguments.
 */
export function printNewKey(args: readonly string[]): string {
  const request = readArguments(args);
  const { key, sha256 } = generateApiKey();
  const entry = JSON.stringify({ name: request.name, sha256, scopes: request.scopes }, undefined, 2);
  return [
    `New API key "${request.name}" of merchant "${request.merchant}". It is shown once; keep it where secrets are kept:`,
    '',
    `  ${key}`,
    '',
    `Add this to "keys" of the merchant "${request.merchant}" in the accounts file and restart the service:`,
    '',
    entry.replaceAll(/^/gm, '  '),
    '',
  ].join('\n');
}

function readArguments(args: readonly string[]): NewKeyRequest {
  const text = { type: 'string' } as const;
  let values: { merchant?: string; name?: string; scopes?: string };
  try {
    values = parseArgs({ args: [...args], options: { merchant: text, name: text, scopes: text } }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigError([{ where: 'key', message: `${message}. ${USAGE}` }]);
  }
  return allOrNothing((report) => {
    const { merchant = '', name = '' } = values;
    if (!CODE.test(merchant)) report('--merchant', `${CODE_RULE}. ${USAGE}`);
    if (!KEY_NAME.test(name)) report('--name', `${KEY_NAME_RULE}. ${USAGE}`);
    return { merchant, name, scopes: readScopes(values.scopes ?? '', report) };
  });
}

function readScopes(list: string, report: Report): Scope[] {
  const words = new Set(list.split(',').map((word) => word.trim()));
  const known = scopes.filter((scope) => words.has(scope));
  if (known.length !== words.size)
    report('--scopes', `must be one or several of ${scopes.join(', ')}, with commas between. ${USAGE}`);
  return known;
}

const USAGE = 'Usage: key --merchant CODE --name WHO --scopes read,write';
