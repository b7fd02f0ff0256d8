const MONTHS = 6;

/**
 * Six calendar months after the payment's creation (razorpay.com/docs/api/refunds/entity, `failed`), in UTC, on the
 * last day of a month that is too short. By which clock and to which day the bank counts is not published.
 */
export function refundWindowEnd(paymentCreatedAt: Date): Date {
  const end = new Date(paymentCreatedAt);
  end.setUTCMonth(end.getUTCMonth() + MONTHS);
  // The 31st of a month of 30 days overflows into the next one.
  if (end.getUTCDate() !== paymentCreatedAt.getUTCDate()) end.setUTCDate(0);
  return end;
}
