import { publicLegStatus } from '../../refunds/derive.ts';
import { shownRefundId } from '../../providers/shown-refund-id.ts';
import { adapterOfAccountId } from '../../resolvers/account-adapter.ts';
import { encodeGlobalId } from '../../resolvers/global-id.ts';
import { money } from '../../resolvers/money.ts';
import { MoneyRef } from '../money/money.ts';
import { RefundLegRef } from '../refs.ts';
import { RefundLegStatusEnum } from './enums.ts';
import { RefundFailureRef } from './refund-failure.ts';

RefundLegRef.implement({
  description: 'One refund at the provider, which executes a part of a refund or all of it.',
  fields: (t) => ({
    id: t.id({
      description: 'Opaque and unique in the whole API.',
      resolve: (leg) => encodeGlobalId('RefundLeg', leg.id),
    }),
    status: t.field({
      type: RefundLegStatusEnum,
      description: 'Where it stands.',
      resolve: (leg) => publicLegStatus(leg.status),
    }),
    amount: t.field({
      type: MoneyRef,
      description: 'What it returns.',
      resolve: (leg) => money(leg, leg.amount_minor),
    }),
    attempt: t.exposeInt('attempt', {
      description: '1, and one more with each retry after a definite failure.',
    }),
    providerRefundId: t.string({
      nullable: true,
      description:
        'The id of the refund at the provider; null while it is not known, and always where it is a secret, since whoever knows it can read the refund there (RoboKassa).',
      resolve: async (leg, _args, context) =>
        shownRefundId(await adapterOfAccountId(context, leg.account_id), leg.provider_refund_id),
    }),
    failure: t.expose('failure', {
      type: RefundFailureRef,
      nullable: true,
      description: 'What went wrong; null when nothing did.',
    }),
    nextLookAt: t.expose('next_look_at', {
      type: 'DateTime',
      nullable: true,
      description: 'When the service looks at it next by itself; null: not planned.',
    }),
  }),
});
