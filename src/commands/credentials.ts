import type { ConfigOptions } from '../config.ts';
import { providers, type Providers } from '../providers/registry.ts';

/** What the configuration must know about each provider's accounts. */
export const settingsOf = (all: Providers): ConfigOptions['credentials'] =>
  Object.fromEntries(
    all.map(({ code, settings }) => [
      code,
      {
        schema: settings.credentials,
        options: settings.options,
        identityOf: (parsed: unknown, options: unknown) => settings.identityOf(parsed, options),
        identitySpaceOf: (options: unknown, parsed: unknown) =>
          settings.identitySpaceOf?.(options, parsed) ?? code,
        missingOf: (credentials: unknown, options: unknown, baseUrl: string) =>
          settings.missingOf?.(credentials, options, baseUrl),
        ...(settings.defaultBaseUrl === undefined ? {} : { defaultBaseUrl: settings.defaultBaseUrl }),
        ...(settings.defaultBaseUrlOf === undefined
          ? {}
          : { defaultBaseUrlOf: (options: unknown) => settings.defaultBaseUrlOf!(options) }),
      },
    ]),
  );

export const credentials = settingsOf(providers);
