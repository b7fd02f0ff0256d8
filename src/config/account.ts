import { didYouMean } from './did-you-mean.ts';
import { parseBaseUrl } from './hosts.ts';
import { type ReportAt, reportIssues } from './issues.ts';
import { isRecord, type Path } from './path.ts';
import type { ProviderSettings } from './types.ts';
import type { Part } from './uniqueness.ts';

/** What the provider's settings made of an account; undefined where something was reported. */
export interface ResolvedAccount {
  readonly baseUrl: string | undefined;
  readonly access: { readonly credentials: unknown; readonly identity: string } | undefined;
}

/** Checks what only the account's provider knows: its credentials and where its production is. */
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
  return {
    baseUrl: readBaseUrl(account, settings, report),
    access: settings === undefined ? undefined : readCredentials(account, settings, report),
  };
}

function readBaseUrl(
  { path, value }: Part,
  settings: ProviderSettings | undefined,
  report: ReportAt,
): string | undefined {
  const place: Path = [...path, 'baseUrl'];
  const text = value['baseUrl'] ?? settings?.defaultBaseUrl;
  if (text === undefined && settings !== undefined)
    report(place, 'is missing, and this provider has no default');
  if (typeof text !== 'string') return undefined;
  const result = parseBaseUrl(text);
  if (result.ok) return result.url;
  report(place, result.message);
  return undefined;
}

function readCredentials(
  { path, value }: Part,
  settings: ProviderSettings,
  report: ReportAt,
): ResolvedAccount['access'] {
  const { credentials } = value;
  // Absent or not an object: reported with the shape of the file.
  if (!isRecord(credentials) || Array.isArray(credentials)) return undefined;
  const parsed = settings.schema.safeParse(credentials);
  if (parsed.success) {
    return { credentials: parsed.data, identity: settings.identityOf(parsed.data) };
  }
  const known = fieldsOf(settings.schema);
  reportIssues(
    parsed.error,
    credentials,
    [...path, 'credentials'],
    (at) => (at.length === 0 ? known : []),
    report,
  );
  return undefined;
}

/** The fields of an object, also of one that is transformed after it was checked. */
function fieldsOf(schema: object): string[] {
  const checked: unknown = 'in' in schema ? schema.in : schema;
  const shape = isRecord(checked) && 'shape' in checked ? checked['shape'] : undefined;
  return isRecord(shape) ? Object.keys(shape) : [];
}
