import { z } from 'zod';
import { scopes } from '../context.ts';
import { operatorEventTypes, refundEventTypes } from '../vocabulary.ts';
import { ENDPOINT_SECRET, ENDPOINT_SECRET_RULE, hasSecretLength } from './event-endpoint.ts';

/** Codes of merchants and accounts: they stand in keys, logs, paths and the API, and never change. */
export const CODE = /^[a-z0-9][a-z0-9-]{1,62}$/;
export const CODE_RULE = 'must be 2 to 63 characters: a-z, 0-9 and "-", not beginning with "-"';

export const KEY_NAME_RULE = 'must be 1 to 100 visible characters';
export const KEY_NAME = /^[^\p{C}\p{Z}]([^\p{C}\p{Zl}\p{Zp}]{0,98}[^\p{C}\p{Z}])?$/u;

const SHA256 = /^[0-9a-f]{64}$/;
const code = z.string().regex(CODE, CODE_RULE);
const label = z.string().regex(KEY_NAME, KEY_NAME_RULE);

const keySchema = z.strictObject({
  name: label.describe(
    'Who uses the key; stands in the history of every refund. Unique within the merchant.',
  ),
  sha256: z
    .string()
    .regex(SHA256, 'must be the SHA-256 of the key: 64 characters 0-9 and a-f, as `npm run key` prints it')
    .describe('SHA-256 of the API key in lower-case hex. The key itself is never stored.'),
  scopes: z
    .array(z.enum(scopes))
    .min(1, 'must name at least one scope: "read", "write", "debug"')
    .describe(
      'read: see payments and refunds. write: give money back. debug: see which provider calls an operation took. None includes another.',
    ),
});

const days = z.int().min(0).max(60);
const arrivalDaysSchema = z.strictObject({
  min: days.describe('The fewest days, 0 to 60.'),
  max: days.describe('The most days, from `min` to 60.'),
});

const accountSchema = z.strictObject({
  code: code.describe('Name of the account in the API, unique in the whole file. Never change it.'),
  provider: z.string().describe('Code of the provider, such as yookassa.'),
  displayName: label.describe('What people read.'),
  baseUrl: z
    .string()
    .optional()
    .describe(
      "Where the provider's API is. https, or http on this machine only. Absent: the provider's production.",
    ),
  credentials: z
    .record(z.string(), z.unknown())
    .describe(
      'What the provider wants, see docs/configuration.md. Keep secrets in the environment: "${NAME}".',
    ),
  options: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('What else the provider lets one set, see docs/configuration.md. No secrets.'),
  maxInFlight: z
    .int()
    .min(1)
    .max(1000)
    .default(8)
    .describe('Refunds sent to the provider at the same time, per process.'),
  requestsPerSecond: z
    .number()
    .positive()
    .max(10_000)
    .optional()
    .describe('Budget of requests; absent: the adapter decides.'),
  minLookIntervalMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(2000)
    .describe('The same refund is not looked up at the provider more often than this, in milliseconds.'),
  arrivalDays: arrivalDaysSchema
    .refine(({ min, max }) => min <= max, { path: ['max'], error: 'must be at least "min"' })
    .optional()
    .describe(
      'In how many days payers have their money, by your experience; shown as expectedArrival. Absent: not shown.',
    ),
});

const MAX_URL_CHARACTERS = 2048;

const endpointSchema = (types: readonly [string, ...string[]], what: string) =>
  z.strictObject({
    code: code.describe('Name of the endpoint in commands and metrics, unique in the whole file.'),
    url: z
      .string()
      .max(MAX_URL_CHARACTERS, `must be at most ${MAX_URL_CHARACTERS} characters`)
      .describe('Where to POST. https; http on this machine only. It is stored and shown: no secrets in it.'),
    secrets: z
      .array(
        z
          .string()
          .regex(ENDPOINT_SECRET, { error: ENDPOINT_SECRET_RULE, abort: true })
          .refine(hasSecretLength, ENDPOINT_SECRET_RULE),
      )
      .min(1, 'must have at least one secret')
      .max(3, 'must have at most 3 secrets')
      .describe(
        'Each signs every delivery, so that one can be replaced. Keep them in the environment: "${NAME}".',
      ),
    events: z
      .array(z.enum(types))
      .min(1, 'must name at least one type; leave it out for all of them')
      .optional()
      .describe(`${what} Absent: all.`),
    allowPrivateNetwork: z
      .boolean()
      .default(false)
      .describe('Whether the endpoint may be this machine or inside a private network.'),
  });

const merchantEndpointSchema = endpointSchema(refundEventTypes, 'Which changes of refunds it is sent.');
const operatorEndpointSchema = endpointSchema(operatorEventTypes, 'What it is sent.');

const merchantSchema = z.strictObject({
  code: code.describe('Never change it: the keys that protect from a second refund are derived from it.'),
  name: label.describe('What people read.'),
  keys: z.array(keySchema).describe('API keys of this merchant.'),
  accounts: z.array(accountSchema).describe('Accounts at providers that belong to this merchant.'),
  eventEndpoints: z
    .array(merchantEndpointSchema)
    .optional()
    .describe('Who is told of changes of its refunds, see docs/events.md.'),
});

/** The shape of the accounts file. What goes beyond one value (uniqueness, credentials, https) is in merchants.ts. */
export const accountsFileSchema = z.strictObject({
  $schema: z.string().optional().describe('For editors: path of docs/accounts.schema.json.'),
  merchants: z.array(merchantSchema),
  operatorEndpoints: z
    .array(operatorEndpointSchema)
    .optional()
    .describe('Who is told of alerts, see docs/events.md.'),
});

/** The keys that the schema knows at a place, for hints at misspelt ones. */
export function knownKeysAt(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return Object.keys(accountsFileSchema.shape);
  if (path[0] === 'operatorEndpoints' || path[2] === 'eventEndpoints')
    return Object.keys(merchantEndpointSchema.shape);
  if (path.length === 2) return Object.keys(merchantSchema.shape);
  if (path[4] === 'arrivalDays') return Object.keys(arrivalDaysSchema.shape);
  return Object.keys((path[2] === 'keys' ? keySchema : accountSchema).shape);
}

/** The JSON Schema of the file for editors, published as docs/accounts.schema.json. */
export function accountsFileJsonSchema(): object {
  return z.toJSONSchema(accountsFileSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // A value may be a variable that is filled in before these rules apply.
      if (jsonSchema.pattern !== undefined) jsonSchema.pattern = `${jsonSchema.pattern}|\\$\\{`;
    },
  });
}
