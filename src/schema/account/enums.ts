import type { AccountHealth } from '../../db/tables.ts';
import { providers } from '../../providers/registry.ts';
import { builder } from '../builder.ts';

/** GraphQL names have no hyphens. */
const enumNameOf = (code: string): string => code.toUpperCase().replaceAll('-', '_');

export const ProviderCodeEnum = builder.enumType('ProviderCode', {
  description: 'A payment provider that this service can work with. The list grows.',
  values: Object.fromEntries(
    providers.map(({ code, description }) => [enumNameOf(code), { description, value: code }]),
  ),
});

export const AccountHealthEnum = builder.enumType('AccountHealth', {
  description: 'Whether an account can be used. The list grows.',
  values: {
    OK: { description: 'Nothing is known to be wrong.' },
    CREDENTIALS_REFUSED: {
      description: 'The provider refused the credentials. Refunds wait until the configuration is corrected.',
    },
    RESTORING: {
      description: 'The database was restored. Refunds wait until their payments were read again.',
    },
  } as const satisfies Record<AccountHealth, { description: string }>,
});
