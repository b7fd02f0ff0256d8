import type { Proof } from './claims.ts';

/** Made from test/conformance/results by `npm run conformance`: by adapter, which scenarios proved what. */
export const provenCapabilities: Readonly<Record<string, Proof>> = {
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
      'refundSpeeds.NORMAL': ['speed NORMAL'],
      'refundSpeeds.OPTIMUM': ['speed OPTIMUM'],
      'traceReferences.ARN': ['trace reference ARN'],
      'traceReferences.RRN': ['trace reference RRN'],
      'traceReferences.UTR': ['trace reference UTR'],
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
      'refundSpeeds.NORMAL': ['speed NORMAL'],
      'traceReferences.RRN': ['trace reference RRN'],
      'traceReferences.OTHER': ['trace reference OTHER'],
    },
  },
};
