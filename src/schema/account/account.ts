import { AccountRef } from '../refs.ts';
import { AccountHealthEnum, ProviderCodeEnum } from './enums.ts';

AccountRef.implement({
  description: 'One set of credentials at one payment provider. Accounts come from the configuration.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'The name of the account in the configuration.' }),
    provider: t.expose('provider', { type: ProviderCodeEnum, description: 'Where the account is.' }),
    displayName: t.exposeString('display_name', { description: 'What to show to people.' }),
    health: t.expose('health', { type: AccountHealthEnum, description: 'Whether it can be used.' }),
  }),
});
