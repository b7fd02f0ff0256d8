import type { ConfigOptions } from '../config.ts';
import { adapters } from '../providers/registry.ts';

/** What the configuration must know about each provider's accounts. */
export const credentials: ConfigOptions['credentials'] = Object.fromEntries(
  Object.values(adapters).map(({ code, settings }) => [
    code,
    {
      schema: settings.credentials,
      identityOf: (parsed: unknown) => settings.identityOf(parsed),
      defaultBaseUrl: settings.defaultBaseUrl,
    },
  ]),
);
