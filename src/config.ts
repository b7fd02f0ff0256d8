import { demoDocument } from './config/demo.ts';
import { readEnvironment } from './config/environment.ts';
import { readJsonFile, type JsonFileResult } from './config/json-file.ts';
import { type Path, printPath } from './config/path.ts';
import { readPersistedOperations } from './config/persisted-operations.ts';
import { allOrNothing, type Report } from './config/problems.ts';
import { type AccountsDocument, readAccounts } from './config/merchants.ts';
import { type Environment, substitute } from './config/substitute.ts';
import type { Config, ProviderSettings, ServiceConfig } from './config/types.ts';

export { accountsFileJsonSchema } from './config/accounts-schema.ts';
export { ConfigError, type ConfigProblem } from './config/problems.ts';
export type {
  AccountConfig,
  Config,
  DatabaseConfig,
  EventEndpointConfig,
  KeyConfig,
  LogLevel,
  MerchantConfig,
  PersistedOperationsConfig,
  ProviderSettings,
  ServiceConfig,
} from './config/types.ts';

export interface ConfigOptions {
  /** By provider code. */
  readonly credentials: Readonly<Record<string, ProviderSettings>>;
  /** What ACCOUNTS_FILE held when it was read before; absent: it is read now. */
  readonly accountsText?: string | undefined;
}

/**
 * Reads the whole configuration: the environment, and the accounts from ACCOUNTS_FILE or, with DEMO=1, the built-in
 * ones. Throws a ConfigError with every problem at once. Printing the result shows no secret.
 */
export function loadConfig(env: Environment, options: ConfigOptions): Config {
  return allOrNothing((report) => {
    const { service, accountsFile, demoEventsUrl, persisted, modeUnknown } = readEnvironment(env, report);
    const persistedOperations = readPersistedOperations(persisted.file, persisted.mode, report);
    const ours = { ...service, ...(persistedOperations && { persistedOperations }) };
    const rules = { providers: options.credentials, demo: service.demo };
    if (service.demo) {
      const document = demoDocument(service.sandboxPort, demoEventsUrl);
      return { ...ours, ...readAccounts(document, rules, at('DEMO', report)) };
    }
    if (accountsFile !== undefined) {
      const read = (document: unknown, reportAt: ReportAt) => readAccounts(document, rules, reportAt);
      return {
        ...ours,
        ...readAccountsFile(readJsonFile(accountsFile, options.accountsText), env, read, report),
      };
    }
    if (!modeUnknown && env['ACCOUNTS_FILE'] === undefined) report('ACCOUNTS_FILE', NO_ACCOUNTS);
    return { ...ours, ...NOTHING };
  });
}

/** Reads what needs no accounts: enough to migrate. Throws a ConfigError with every problem at once. */
export function loadServiceConfig(env: Environment): ServiceConfig {
  return allOrNothing((report) => readEnvironment(env, report).service);
}

const NOTHING: AccountsDocument = { merchants: [], operatorEndpoints: [] };

const NO_ACCOUNTS =
  'is not set, so no account is configured and there is nothing to refund. Set it to a file as docs/configuration.md ' +
  'describes it, or start the demo with `npm start` (DEMO=1)';

type ReportAt = (path: Path, message: string) => void;

function at(source: string, report: Report): ReportAt {
  return (path, message) => report(`${source}: ${printPath(path)}`, message);
}

function readAccountsFile(
  json: JsonFileResult,
  env: Environment,
  read: (document: unknown, report: ReportAt) => AccountsDocument,
  report: Report,
): AccountsDocument {
  if (!json.ok) {
    report('ACCOUNTS_FILE', json.message);
    return NOTHING;
  }
  const reportAt = at('ACCOUNTS_FILE', report);
  const { document, isUnresolved } = substitute(json.document, env, reportAt);
  return read(document, (path, message) => {
    if (path.length === 0 || !isUnresolved(path)) reportAt(path, message);
  });
}
