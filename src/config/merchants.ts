import type { z } from 'zod';
import { type ResolvedAccount, resolveAccount } from './account.ts';
import { accountsFileSchema, knownKeysAt } from './accounts-schema.ts';
import { isDemoKeyHash, isDemoSecret } from './demo.ts';
import { assembleEndpoint, checkEndpointUrl } from './event-endpoint.ts';
import { withHidden } from './hidden.ts';
import { type ReportAt, reportIssues } from './issues.ts';
import { isRecord, printPath, valueAt } from './path.ts';
import type { EventEndpointConfig, MerchantConfig, ProviderSettings } from './types.ts';
import { type Part, partsOf, reportRepeated, reportRepeatedValues } from './uniqueness.ts';

export interface AccountsRules {
  /** By provider code. */
  readonly providers: Readonly<Record<string, ProviderSettings>>;
  /** Whether the public keys of the demo are welcome. */
  readonly demo: boolean;
}

/** What an accounts document says. */
export interface AccountsDocument {
  readonly merchants: MerchantConfig[];
  readonly operatorEndpoints: EventEndpointConfig[];
}

type ResolvedAccounts = ReadonlyMap<string, ResolvedAccount>;

/**
 * Reads an accounts document and reports everything that is wrong with it. The rules that look at
 * several values run on whatever part of the document has the right shape, so that they report in the same start as
 * the mistakes of shape. The result is complete only when nothing was reported.
 */
export function readAccounts(document: unknown, rules: AccountsRules, report: ReportAt): AccountsDocument {
  const parsed = accountsFileSchema.safeParse(document);
  if (!parsed.success) reportIssues(parsed.error, document, [], knownKeysAt, report);

  const whole: Part = { path: [], value: isRecord(document) ? document : {} };
  const merchants = partsOf(whole, 'merchants');
  const keysOfMerchants = merchants.map((merchant) => partsOf(merchant, 'keys'));
  const accounts = merchants.flatMap((merchant) => partsOf(merchant, 'accounts'));

  reportRepeated(merchants, 'code', 'merchant codes are unique', report);
  reportRepeated(accounts, 'code', 'account codes are unique, across merchants too', report);
  reportRepeated(keysOfMerchants.flat(), 'sha256', 'a key has one entry', report);
  for (const keys of keysOfMerchants)
    reportRepeated(keys, 'name', 'key names are unique within a merchant', report);
  if (!rules.demo) reportDemoKeys(keysOfMerchants.flat(), report);
  // Where a list of accounts is missing or none, the schema has said so.
  const countable = merchants.every(({ value }) => Array.isArray(value['accounts']));
  if (countable && accounts.length === 0 && Array.isArray(valueAt(document, ['merchants']))) {
    report([], 'names no account at any provider; add one to "accounts" of a merchant');
  }

  const resolved = new Map(
    accounts.map((account) => [printPath(account.path), resolveAccount(account, rules.providers, report)]),
  );
  reportRepeatedIdentities(accounts, resolved, report);
  const endpoints = merchants.flatMap((merchant) => partsOf(merchant, 'eventEndpoints'));
  reportEndpoints([...endpoints, ...partsOf(whole, 'operatorEndpoints')], rules, report);
  return parsed.success ? assemble(parsed.data, resolved) : { merchants: [], operatorEndpoints: [] };
}

function reportEndpoints(endpoints: readonly Part[], rules: AccountsRules, report: ReportAt): void {
  reportRepeated(endpoints, 'code', "endpoint codes are unique, the operator's included", report);
  for (const endpoint of endpoints) {
    checkEndpointUrl(endpoint, report);
    const { secrets } = endpoint.value;
    if (!Array.isArray(secrets)) continue;
    const places = secrets.map((value: unknown, index) => ({
      path: [...endpoint.path, 'secrets', index],
      value,
    }));
    reportRepeatedValues(places, 'one secret signs once', report);
    if (rules.demo) continue;
    for (const { path, value } of places)
      if (isDemoSecret(value)) report(path, 'is the secret of the demo, which everybody knows; make one');
  }
}

function reportDemoKeys(keys: readonly Part[], report: ReportAt): void {
  for (const { path, value } of keys) {
    if (!isDemoKeyHash(value['sha256'])) continue;
    report([...path, 'sha256'], 'is a key of the demo, which everybody knows; make one with `npm run key`');
  }
}

/** MONEY section 9: two accounts with one identity would each count the refunds of the other. */
function reportRepeatedIdentities(
  accounts: readonly Part[],
  resolved: ResolvedAccounts,
  report: ReportAt,
): void {
  const identities = accounts.map(({ path }) => {
    const access = resolved.get(printPath(path))?.access;
    const key = access === undefined ? undefined : JSON.stringify([access.space, access.identity]);
    return { path: [...path, 'credentials'], value: key };
  });
  const rule =
    'an account at the provider (its shopId, login or merchant id) belongs to one account of one merchant';
  reportRepeatedValues(identities, rule, report);
}

/** Called with a document that has the right shape; leaves out accounts about which something was reported. */
function assemble(
  { merchants, operatorEndpoints = [] }: z.output<typeof accountsFileSchema>,
  resolved: ResolvedAccounts,
): AccountsDocument {
  return {
    merchants: assembleMerchants(merchants, resolved),
    operatorEndpoints: operatorEndpoints.flatMap(assembleEndpoint),
  };
}

function assembleMerchants(
  merchants: z.output<typeof accountsFileSchema>['merchants'],
  resolved: ResolvedAccounts,
): MerchantConfig[] {
  return merchants.map(({ code, name, keys, accounts, eventEndpoints }, m) => ({
    code,
    name,
    keys,
    accounts: accounts.flatMap((account, a) => {
      const { baseUrl, access } = resolved.get(printPath(['merchants', m, 'accounts', a])) ?? {};
      if (baseUrl === undefined || access === undefined) return [];
      const { credentials, options, identity, space } = access;
      const {
        code: accountCode,
        provider,
        displayName,
        maxInFlight,
        requestsPerSecond,
        minLookIntervalMs,
        arrivalDays,
      } = account;
      const visible = { code: accountCode, provider, displayName, baseUrl, options, identity };
      // Where it is the provider's own, as it nearly always is, there is nothing to say.
      const elsewhere = space === provider ? {} : { identitySpace: space };
      const limits = { maxInFlight, requestsPerSecond, minLookIntervalMs, arrivalDays };
      return [withHidden({ ...visible, ...elsewhere, ...limits }, { credentials })];
    }),
    ...(eventEndpoints && { eventEndpoints: eventEndpoints.flatMap(assembleEndpoint) }),
  }));
}
