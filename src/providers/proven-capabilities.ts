import type { Proof } from './claims.ts';

/** Made from test/conformance/results by `npm run conformance`: by adapter, which scenarios proved what. */
export const provenCapabilities: Readonly<Record<string, Proof>> = {
  'prism/checkout': {
    suite: 'test/native',
    claims: {
      partialRefunds: ['partial'],
      severalRefundsPerPayment: [
        'several partials, and what remains',
        'over-refund of what is left',
        'concurrent, more than there is',
      ],
      voidAuthorized: [
        'void of a hold',
        'void whose answer is lost after its effect',
        'void whose answer is lost before its effect',
      ],
      listByPayment: ['lost answer after the effect'],
      concurrentOperationsPerPayment: ['two of one payment under way at once'],
      externalRefunds: [
        'a refund made elsewhere is seen',
        'a refund made elsewhere since the payment was read',
      ],
    },
  },
  'prism/stripe/substituted': {
    suite: 'test/conformance',
    claims: {
      partialRefunds: ['partial'],
      severalRefundsPerPayment: [
        'several partials, and what remains',
        'over-refund of what is left',
        'concurrent, more than there is',
      ],
      voidAuthorized: [
        'void of a hold',
        'void whose answer is lost after its effect',
        'void whose answer is lost before its effect',
      ],
      cancelUnpaid: ['an unpaid payment is closed'],
      cancelRefund: ['a refund is stopped at the provider'],
      listByPayment: ['lost answer after the effect'],
      listByTime: ['a batch of 100 look-ups, each of another payment'],
      lateTraceReferences: ['a trace reference comes after the end'],
      idempotencyHours: [
        'lost answer before the effect',
        'lost answer after the effect, and the list lags behind',
      ],
      listPageSize: ['a batch of 100 look-ups, each of another payment'],
      concurrentOperationsPerPayment: ['two of one payment under way at once'],
      externalRefunds: [
        'a refund made elsewhere is seen',
        'a refund made elsewhere since the payment was read',
      ],
      webhooks: ['a webhook, and not a poll, tells how a refund ended'],
      'refundSpeeds.NORMAL': ['speed NORMAL'],
      'traceReferences.ARN': ['trace reference ARN'],
      'traceReferences.RRN': ['trace reference RRN'],
    },
  },
  'prism/stripe': {
    suite: 'test/native',
    claims: {
      partialRefunds: ['partial'],
      severalRefundsPerPayment: [
        'several partials, and what remains',
        'over-refund of what is left',
        'concurrent, more than there is',
      ],
      voidAuthorized: [
        'void of a hold',
        'void whose answer is lost after its effect',
        'void whose answer is lost before its effect',
      ],
      cancelUnpaid: ['an unpaid payment is closed'],
      cancelRefund: ['a refund is stopped at the provider'],
      listByPayment: ['lost answer after the effect'],
      listByTime: ['a batch of 100 look-ups, each of another payment'],
      lateTraceReferences: ['a trace reference comes after the end'],
      idempotencyHours: [
        'lost answer before the effect',
        'lost answer after the effect, and the list lags behind',
      ],
      listPageSize: ['a batch of 100 look-ups, each of another payment'],
      concurrentOperationsPerPayment: ['two of one payment under way at once'],
      externalRefunds: [
        'a refund made elsewhere is seen',
        'a refund made elsewhere since the payment was read',
      ],
      'refundSpeeds.NORMAL': ['speed NORMAL'],
      'traceReferences.ARN': ['trace reference ARN'],
      'traceReferences.RRN': ['trace reference RRN'],
    },
  },
  razorpay: {
    suite: 'test/conformance',
    claims: {
      partialRefunds: ['partial'],
      severalRefundsPerPayment: [
        'several partials, and what remains',
        'over-refund of what is left',
        'concurrent, more than there is',
      ],
      listByPayment: ['lost answer after the effect'],
      listByTime: ['a batch of 100 look-ups, each of another payment'],
      lateTraceReferences: ['a trace reference comes after the end'],
      idempotencyHours: [
        'lost answer before the effect',
        'lost answer after the effect, and the list lags behind',
      ],
      refundWindowDays: ['too old'],
      listPageSize: ['a batch of 100 look-ups, each of another payment'],
      concurrentOperationsPerPayment: ['two of one payment under way at once'],
      externalRefunds: [
        'a refund made elsewhere is seen',
        'a refund made elsewhere since the payment was read',
      ],
      webhooks: ['a webhook, and not a poll, tells how a refund ended'],
      'refundSpeeds.NORMAL': ['speed NORMAL'],
      'refundSpeeds.OPTIMUM': ['speed OPTIMUM'],
      'traceReferences.ARN': ['trace reference ARN'],
      'traceReferences.RRN': ['trace reference RRN'],
      'traceReferences.UTR': ['trace reference UTR'],
    },
  },
  'robokassa/v1': {
    suite: 'test/conformance',
    claims: {
      partialRefunds: ['partial'],
      voidAuthorized: [
        'void of a hold',
        'void whose answer is lost after its effect',
        'void whose answer is lost before its effect',
      ],
      webhooks: ['a webhook, and not a poll, tells that a payment was captured'],
      'refundSpeeds.NORMAL': ['speed NORMAL'],
    },
  },
  'robokassa/v2': {
    suite: 'test/conformance',
    claims: {
      partialRefunds: ['partial'],
      severalRefundsPerPayment: [
        'several partials, and what remains',
        'over-refund of what is left',
        'concurrent, more than there is',
      ],
      receipts: ['receipt'],
      voidAuthorized: [
        'void of a hold',
        'void whose answer is lost after its effect',
        'void whose answer is lost before its effect',
      ],
      webhooks: ['a webhook, and not a poll, tells that a payment was captured'],
      'refundSpeeds.NORMAL': ['speed NORMAL'],
    },
  },
  stripe: {
    suite: 'test/conformance',
    claims: {
      partialRefunds: ['partial'],
      severalRefundsPerPayment: [
        'several partials, and what remains',
        'over-refund of what is left',
        'concurrent, more than there is',
      ],
      voidAuthorized: [
        'void of a hold',
        'void whose answer is lost after its effect',
        'void whose answer is lost before its effect',
      ],
      cancelUnpaid: ['an unpaid payment is closed'],
      cancelRefund: ['a refund is stopped at the provider'],
      listByPayment: ['lost answer after the effect'],
      listByTime: ['a batch of 100 look-ups, each of another payment'],
      lateTraceReferences: ['a trace reference comes after the end'],
      idempotencyHours: [
        'lost answer before the effect',
        'lost answer after the effect, and the list lags behind',
      ],
      listPageSize: ['a batch of 100 look-ups, each of another payment'],
      concurrentOperationsPerPayment: ['two of one payment under way at once'],
      externalRefunds: [
        'a refund made elsewhere is seen',
        'a refund made elsewhere since the payment was read',
      ],
      webhooks: ['a webhook, and not a poll, tells how a refund ended'],
      'refundSpeeds.NORMAL': ['speed NORMAL'],
      'traceReferences.ARN': ['trace reference ARN'],
      'traceReferences.RRN': ['trace reference RRN'],
    },
  },
  'yandex-pay/ru': {
    suite: 'test/conformance',
    claims: {
      partialRefunds: ['partial'],
      severalRefundsPerPayment: [
        'several partials, and what remains',
        'over-refund of what is left',
        'concurrent, more than there is',
      ],
      itemRefunds: [
        'items',
        'more items than there are',
        'an amount is laid over the items, and what remains goes back',
      ],
      voidAuthorized: [
        'void of a hold',
        'void whose answer is lost after its effect',
        'void whose answer is lost before its effect',
      ],
      cancelUnpaid: ['an unpaid payment is closed'],
      listByPayment: ['lost answer after the effect'],
      idempotencyHours: [
        'lost answer before the effect',
        'lost answer after the effect, and the list lags behind',
      ],
      externalRefunds: [
        'a refund made elsewhere is seen',
        'a refund made elsewhere since the payment was read',
      ],
      webhooks: ['a webhook, and not a poll, tells how a refund ended'],
      'refundSpeeds.NORMAL': ['speed NORMAL'],
    },
  },
  'yandex-pay/uz': {
    suite: 'test/conformance',
    claims: {
      partialRefunds: ['partial'],
      severalRefundsPerPayment: [
        'several partials, and what remains',
        'over-refund of what is left',
        'concurrent, more than there is',
      ],
      itemRefunds: [
        'items',
        'more items than there are',
        'an amount is laid over the items, and what remains goes back',
      ],
      cancelUnpaid: ['an unpaid payment is closed'],
      listByPayment: ['lost answer after the effect'],
      idempotencyHours: [
        'lost answer before the effect',
        'lost answer after the effect, and the list lags behind',
      ],
      externalRefunds: [
        'a refund made elsewhere is seen',
        'a refund made elsewhere since the payment was read',
      ],
      webhooks: ['a webhook, and not a poll, tells how a refund ended'],
      'refundSpeeds.NORMAL': ['speed NORMAL'],
    },
  },
  yookassa: {
    suite: 'test/conformance',
    claims: {
      partialRefunds: ['partial'],
      severalRefundsPerPayment: [
        'several partials, and what remains',
        'over-refund of what is left',
        'concurrent, more than there is',
      ],
      splitRefunds: ['one seller of a split payment', 'every seller of a split payment'],
      receipts: ['receipt'],
      voidAuthorized: [
        'void of a hold',
        'void whose answer is lost after its effect',
        'void whose answer is lost before its effect',
      ],
      listByPayment: ['lost answer after the effect'],
      listByTime: ['a batch of 100 look-ups, each of another payment'],
      idempotencyHours: [
        'lost answer before the effect',
        'lost answer after the effect, and the list lags behind',
      ],
      refundWindowDays: ['too old'],
      listPageSize: ['a batch of 100 look-ups, each of another payment'],
      concurrentOperationsPerPayment: ['two of one payment under way at once'],
      externalRefunds: [
        'a refund made elsewhere is seen',
        'a refund made elsewhere since the payment was read',
      ],
      webhooks: ['a webhook, and not a poll, tells how a refund ended'],
      'refundSpeeds.NORMAL': ['speed NORMAL'],
      'traceReferences.RRN': ['trace reference RRN'],
      'traceReferences.OTHER': ['trace reference OTHER'],
    },
  },
};
