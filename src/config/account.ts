import { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import { parseBaseUrl } from './hosts.ts';
import { type ReportAt, reportIssues } from './issues.ts';
import { isRecord, type Path } from './path.ts';
import type { ProviderSettings } from './types.ts';
import type { Part } from './uniqueness.ts';

/** What the provider's settings made of an account; undefined where something was reported. */
export interface ResolvedAccount {
  readonly baseUrl: string | undefined;
  readonly access:
    | {
        readonly credentials: unknown;
        readonly options: unknown;
        readonly identity: string;
        /** Whose name the identity is. */
        readonly space: string;
      }
    | undefined;
}

/** Checks what only the account's provider knows: its credentials, its options and where its production is. */
export function resolveAccount(
  account: Part,
  providers: Readonly<Record<string, ProviderSettings>>,
  report: ReportAt,
): ResolvedAccount {
  const { provider } = account.value;
  const settings =
    typeof provider === 'string' && Object.hasOwn(providers, provider) ? providers[provider] : undefined;
  if (settings === undefined && typeof provider === 'string') {
    const known = Object.keys(providers);
    const list = known.map((code) => JSON.stringify(code)).join(', ');
    report([...account.path, 'provider'], `must be one of ${list}${didYouMean(provider, known)}`);
  }
  const baseUrl = readBaseUrl(account, settings, report);
  const access = settings === undefined ? undefined : readAccess(account, settings, report);
  if (baseUrl !== undefined && access !== undefined) {
    const missing = settings?.missingOf?.(access.credentials, access.options, baseUrl);
    if (missing !== undefined) report([...account.path, ...missing.path], missing.message);
  }
  return { baseUrl, access };
}

function readBaseUrl(
  { path, value }: Part,
  settings: ProviderSettings | undefined,
  report: ReportAt,
): string | undefined {
  const place: Path = [...path, 'baseUrl'];
  const text = value['baseUrl'] ?? settings?.defaultBaseUrl ?? defaultOf(value['options'], settings);
  // Options that are wrong are reported by themselves.
  if (text === undefined && settings?.defaultBaseUrlOf !== undefined) return undefined;
  if (text === undefined && settings !== undefined)
    report(place, 'is missing, and this provider has no default');
  if (typeof text !== 'string') return undefined;
  const result = parseBaseUrl(text);
  if (result.ok) return result.url;
  report(place, result.message);
  return undefined;
}

function defaultOf(options: unknown, settings: ProviderSettings | undefined): string | undefined {
  if (settings?.defaultBaseUrlOf === undefined) return undefined;
  const parsed = settings.options?.safeParse(options ?? {});
  return parsed?.success === true ? settings.defaultBaseUrlOf(parsed.data) : undefined;
}

const noOptions = z.strictObject({});

function readAccess(account: Part, settings: ProviderSettings, report: ReportAt): ResolvedAccount['access'] {
  const { provider, credentials, options = {} } = account.value;
  const secrets = readPart(account, 'credentials', credentials, settings.schema, report);
  const others = readPart(account, 'options', options, settings.options ?? noOptions, report);
  if (secrets === undefined || others === undefined) return undefined;
  return {
    credentials: secrets.value,
    options: others.value,
    identity: settings.identityOf(secrets.value, others.value),
    space: settings.identitySpaceOf?.(others.value, secrets.value) ?? String(provider),
  };
}

function readPart(
  { path }: Part,
  name: string,
  value: unknown,
  schema: z.ZodType,
  report: ReportAt,
): { readonly value: unknown } | undefined {
  // Absent or not an object: reported with the shape of the file.
  if (!isRecord(value) || Array.isArray(value)) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  const known = fieldsOf(schema);
  reportIssues(parsed.error, value, [...path, name], (at) => (at.length === 0 ? known : []), report);
  return undefined;
}

/** The fields of an object, also of one that is transformed after it was checked. */
function fieldsOf(schema: object): string[] {
  const checked: unknown = 'in' in schema ? schema.in : schema;
  const shape = isRecord(checked) && 'shape' in checked ? checked['shape'] : undefined;
  return isRecord(shape) ? Object.keys(shape) : [];
}
