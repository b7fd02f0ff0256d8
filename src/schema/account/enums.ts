import type { AccountHealth } from '../../db/tables.ts';
import type { ProviderCode } from '../../vocabulary.ts';
import { builder } from '../builder.ts';

/** GraphQL names have no hyphens. */
type EnumName<Code extends string> = Uppercase<
  Code extends `${infer Head}-${infer Tail}` ? `${Head}_${Tail}` : Code
>;

export const ProviderCodeEnum = builder.enumType('ProviderCode', {
  description: 'A payment provider that this service can work with. The list grows.',
  values: {
    YOOKASSA: { description: 'YooKassa (yookassa.ru).', value: 'yookassa' },
    ROBOKASSA: { description: 'RoboKassa (robokassa.ru).', value: 'robokassa' },
    RAZORPAY: { description: 'Razorpay, in Malaysia Curlec (razorpay.com).', value: 'razorpay' },
    STRIPE: { description: 'Stripe (stripe.com).', value: 'stripe' },
    PRISM: { description: 'Hyperswitch Prism: one library over many connectors.', value: 'prism' },
    YANDEX_PAY: {
      description: 'Yandex Pay, in Uzbekistan Yandex Split (pay.yandex.ru).',
      value: 'yandex-pay',
    },
  } as const satisfies Record<EnumName<ProviderCode>, { description: string; value: ProviderCode }>,
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
