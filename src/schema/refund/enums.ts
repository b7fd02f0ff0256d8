import type { RefundOrder } from '../../resolvers/refund-list.ts';
import type { traceAvailabilities } from '../../resolvers/trace-references.ts';
import type { RefundAction } from '../../refunds/allowed-actions.ts';
import type {
  AttentionReason,
  FeeBearer,
  LegStatus,
  MoneyMovement,
  RefundOrigin,
  RefundReason,
  RefundSpeed,
  RefundStatus,
  TraceReference,
} from '../../vocabulary.ts';
import { builder } from '../builder.ts';

type Described<Value extends string> = Record<Value, { description: string }>;

export const RefundStatusEnum = builder.enumType('RefundStatus', {
  description: 'Where a refund stands. The list grows: rely on `isFinal` and `moneyMovement`.',
  values: {
    AWAITING_APPROVAL: { description: 'Somebody has to approve it before it is sent.' },
    QUEUED: { description: 'Not sent yet; it will be. It can still be canceled.' },
    PENDING: { description: 'Sent, and under way at the provider.' },
    UNKNOWN: {
      description:
        'Sent, and the answer was lost: the money may have moved. The service is finding out; do not refund again.',
    },
    MANUAL_REVIEW: {
      description: 'The service cannot find out by itself; a person has to look at the provider.',
    },
    SUCCEEDED: { description: 'All of it was returned.' },
    PARTIALLY_SUCCEEDED: { description: 'A part of it was returned, the rest failed.' },
    FAILED: { description: 'Nothing was returned; `failure` says why.' },
    CANCELED: {
      description:
        'Stopped before any money moved: before it was sent, or at the provider while that still takes it back. One of EXTERNAL origin may be the same as another refund of the payment; `summary` says so.',
    },
    REVERSED: { description: 'It was returned and came back, such as to a closed bank account.' },
  } as const satisfies Described<RefundStatus>,
});

export const RefundLegStatusEnum = builder.enumType('RefundLegStatus', {
  description: 'Where one request to the provider stands. The list grows.',
  values: {
    QUEUED: { description: 'Not sent yet.' },
    PENDING: { description: 'Being sent, or under way at the provider.' },
    UNKNOWN: { description: 'Sent, and the answer was lost: the money may have moved.' },
    MANUAL_REVIEW: { description: 'A person has to look at the provider.' },
    SUCCEEDED: { description: 'Returned.' },
    FAILED: { description: 'Refused by the provider; nothing was returned.' },
    CANCELED: { description: 'Stopped, before it was sent or at the provider; nothing was returned.' },
    REVERSED: { description: 'Returned, and came back.' },
  } as const satisfies Described<Exclude<LegStatus, 'SENDING'>>,
});

export const MoneyMovementEnum = builder.enumType('MoneyMovement', {
  description: 'Where the money of a refund is. The list is complete and does not grow.',
  values: {
    NOT_STARTED: { description: 'Nothing was sent.' },
    IN_FLIGHT: { description: 'On its way.' },
    UNCLEAR: { description: 'It may have moved; this is being found out.' },
    RETURNED: { description: 'All of it was returned.' },
    PARTLY_RETURNED: { description: 'A part of it was returned.' },
    NOT_RETURNED: { description: 'It was not returned, or came back.' },
  } as const satisfies Described<MoneyMovement>,
});

export const RefundReasonEnum = builder.enumType('RefundReason', {
  description: 'Why money is given back. The list grows.',
  values: {
    REQUESTED_BY_CUSTOMER: { description: 'The customer asked for it.' },
    RETURNED_GOODS: { description: 'The goods came back.' },
    SERVICE_NOT_PROVIDED: { description: 'What was paid for was not delivered.' },
    DUPLICATE: { description: 'It was paid twice.' },
    FRAUDULENT: { description: 'The payment was not made by the owner of the money.' },
    PRICE_CORRECTION: { description: 'The price was wrong.' },
    GOODWILL: { description: 'A courtesy.' },
    OTHER: { description: 'Something else; say it in `note`.' },
  } as const satisfies Described<RefundReason>,
});

export const FeeBearerEnum = builder.enumType('FeeBearer', {
  description: "Who bears the platform's commission on money that is returned.",
  values: {
    SELLER: { description: 'The seller: the platform keeps its commission.' },
    PLATFORM: { description: 'The platform: it gives its share back with the refund.' },
  } as const satisfies Described<FeeBearer>,
});

export const RefundSpeedEnum = builder.enumType('RefundSpeed', {
  description: 'How fast money is returned. The list grows.',
  values: {
    NORMAL: { description: 'The usual way.' },
    OPTIMUM: { description: 'At once where that is possible, else the usual way; it may cost a fee.' },
  } as const satisfies Described<RefundSpeed>,
});

export const RefundActionEnum = builder.enumType('RefundAction', {
  description: 'What can be done with a refund. The list grows.',
  values: {
    CANCEL: {
      description: '`cancelRefund`: something of it was not sent yet, or its provider still takes it back.',
    },
    RETRY: { description: '`retryRefund`: something of it failed definitely.' },
    SYNC: { description: '`syncRefund`: the provider can be asked.' },
    RESOLVE: { description: '`resolveRefund`: a person can decide what became of it.' },
  } as const satisfies Described<RefundAction>,
});

export const AttentionReasonEnum = builder.enumType('AttentionReason', {
  description: 'Why a person should look at a refund. The list grows.',
  values: {
    MANUAL_REVIEW: { description: 'The service cannot find out by itself: decide with `resolveRefund`.' },
    UNKNOWN_TOO_LONG: { description: 'The answer was lost a while ago, and was not found out yet.' },
    PENDING_TOO_LONG: { description: 'It is under way for longer than is normal for the provider.' },
    QUEUED_TOO_LONG: {
      description:
        'It waits unsent for a day and is not sent by itself any more: use `syncRefund` or `cancelRefund`.',
    },
    ACCOUNT_PAUSED: { description: 'It waits because its account is paused; see `ProviderAccount.health`.' },
  } as const satisfies Described<AttentionReason>,
});

export const RefundOriginEnum = builder.enumType('RefundOrigin', {
  description: 'Where a refund was made. The list grows.',
  values: {
    API: { description: 'Through this API.' },
    CONSOLE: { description: 'In the console of this service.' },
    BULK: { description: 'In a batch.' },
    EXTERNAL: { description: 'Elsewhere, such as in the console of the provider; it was found there.' },
  } as const satisfies Described<RefundOrigin>,
});

export const TraceKindEnum = builder.enumType('TraceReferenceKind', {
  description: 'What sort of number it is. The list grows.',
  values: {
    ARN: { description: 'Acquirer reference number of a card network.' },
    RRN: { description: 'Retrieval reference number; the bank of the card finds the operation by it.' },
    UTR: { description: 'Unique transaction reference of a bank transfer.' },
    OTHER: { description: 'Another number; its provider explains it.' },
  } as const satisfies Described<TraceReference['kind']>,
});

export const TraceAvailabilityEnum = builder.enumType('TraceReferenceAvailability', {
  description: 'Whether the number is known.',
  values: {
    NOT_YET: { description: 'Not known yet.' },
    AVAILABLE: { description: 'Known: `value`.' },
    NEVER: { description: 'The provider gave none for this refund, and will not.' },
  } as const satisfies Described<(typeof traceAvailabilities)[number]>,
});

export const RefundOrderEnum = builder.enumType('RefundOrder', {
  description: 'The order of a list of refunds.',
  values: {
    CREATED_AT_DESC: { description: 'Newest first.' },
    CREATED_AT_ASC: { description: 'Oldest first.' },
  } as const satisfies Described<RefundOrder>,
});
