// What is inserted of a refund, as SQL; the parameters are made in insert-refund.ts.

/** What was read longer ago is read again, under the lock; in seconds. A paused process must not wake up and reserve. */
const FENCE_SECONDS = 10;

/** Under the payment's lock. */
export const unfenced = '';
/** What must not have changed since it was read. */
export const fence = `
    AND version = :version::integer
    AND (SELECT max(number) FROM epochs) = :epoch::integer
    AND (refund_window_closes_at IS NULL OR refund_window_closes_at > app_now())
    AND app_now() < :readAt::timestamptz + interval '${FENCE_SECONDS} seconds'`;

/** The stored bytes of its legs. */
export const attempts = `
  attempt AS (
    INSERT INTO leg_attempts (leg_id, attempt, merchant_id, account_id, provider_key, wire_version, method, path,
      headers, body, sends, first_sent_at, last_sent_at)
    SELECT new.leg_id, 1, paid.merchant_id, paid.account_id, new.provider_key, new.wire_version, new.method, new.path,
      new.headers::jsonb, new.body, new.is_sent::integer,
      CASE WHEN new.is_sent THEN paid.now END, CASE WHEN new.is_sent THEN paid.now END
    FROM paid, unnest(:attemptLegs::uuid[], :providerKeys::text[], :wireVersions::text[], :methods::text[],
      :paths::text[], :headers::text[], :bodies::text[], :areSent::boolean[])
      AS new (leg_id, provider_key, wire_version, method, path, headers, body, is_sent)),`;

/** The caller's key. */
export const newKey = `
  key AS (
    INSERT INTO idempotency (merchant_id, key, hash_version, content_hash, refund_id, operation_id)
    SELECT paid.merchant_id, :key::text, :hashVersion::smallint, :hash::bytea, :refundId, NULL FROM paid),`;

/** The key of an operation that the refund goes on from. */
export const continuedKey = `
  key AS (
    UPDATE idempotency known SET refund_id = :refundId FROM paid
    WHERE known.merchant_id = paid.merchant_id AND known.key = :key::text
      AND known.operation_id = :continues::uuid AND known.refund_id IS NULL),`;

/** Several legs may take of one line, which is updated once. */
export const items = `
  item AS (
    INSERT INTO refund_items (leg_id, item_id, merchant_id, refund_id, quantity_hundredths, amount_minor)
    SELECT new.leg_id, new.item_id, paid.merchant_id, :refundId, new.hundredths, new.minor
    FROM paid, unnest(:itemLegs::uuid[], :items::uuid[], :itemHundredths::bigint[], :itemMinor::bigint[])
      AS new (leg_id, item_id, hundredths, minor)),
  counted_item AS (
    UPDATE payment_items line SET
      reserved_hundredths = line.reserved_hundredths + added.reserved_h,
      reserved_minor = line.reserved_minor + added.reserved_m,
      returned_hundredths = line.returned_hundredths + added.returned_h,
      returned_minor = line.returned_minor + added.returned_m,
      overcommitted = line.overcommitted OR (:isFact AND (
        line.returned_hundredths + line.reserved_hundredths + added.reserved_h + added.returned_h > line.sold_hundredths
        OR line.returned_minor + line.reserved_minor + added.reserved_m + added.returned_m > line.sold_minor))
    FROM paid, (
      SELECT id, sum(hundredths * reserved)::bigint AS reserved_h, sum(minor * reserved)::bigint AS reserved_m,
        sum(hundredths * refunded)::bigint AS returned_h, sum(minor * refunded)::bigint AS returned_m
      FROM unnest(:items::uuid[], :itemHundredths::bigint[], :itemMinor::bigint[], :itemReserved::integer[],
        :itemRefunded::integer[]) AS new (id, hundredths, minor, reserved, refunded) GROUP BY id) added
    WHERE line.id = added.id),`;

/**
 * The text of the statement that inserts a refund. Everything is inserted from `paid`, so that nothing happens where the
 * payment is not as it must be.
 *
 * @param optional any of the parts above, in the order of their locks: attempts, the key, items
 */
export const refundText = (fenceText: string, ...optional: readonly string[]): string => `
WITH paid AS (
    UPDATE payments SET
      reserved_minor = reserved_minor + :reservedMinor::bigint,
      refunded_minor = refunded_minor + :refundedMinor::bigint,
      overcommitted = overcommitted OR (:isFact::boolean
        AND refunded_minor + reserved_minor + :reservedMinor + :refundedMinor > captured_minor),
      version = version + 1,
      updated_at = app_now()
    WHERE id = :paymentId::uuid AND merchant_id = :merchantId::uuid ${fenceText}
    RETURNING id, merchant_id, account_id, currency, app_now() AS now),
  refund AS (
    INSERT INTO refunds (id, merchant_id, account_id, payment_id, origin, status, currency, amount_minor, returned_minor,
      reference, reason, note, metadata, receipt, speed, replaces, created_by, finalized_at)
    SELECT :refundId::uuid, paid.merchant_id, paid.account_id, paid.id, :origin::text, :status::text, paid.currency,
      :amountMinor::bigint, :returnedMinor::bigint, :reference::text, :reason::text, :note::text, :metadata::jsonb,
      :receipt::jsonb, :speed::text, :replaces::uuid, :createdBy::uuid, CASE WHEN :isFinal::boolean THEN paid.now END
    FROM paid),
  leg AS (
    INSERT INTO refund_legs (id, merchant_id, account_id, payment_id, refund_id, name, status, amount_minor,
      returned_minor, provider_refund_id, raw_status, failure, trace_references, as_of, sent_at, lease_until,
      next_look_at, finalized_at)
    SELECT new.id, paid.merchant_id, paid.account_id, paid.id, :refundId, new.name, new.status, new.amount,
      new.returned, new.provider_refund_id, new.raw_status, new.failure::jsonb, new.trace_references::jsonb,
      COALESCE(new.as_of, paid.now), CASE WHEN new.lease IS NOT NULL THEN paid.now END,
      paid.now + make_interval(secs => new.lease), paid.now + make_interval(secs => new.look),
      CASE WHEN new.is_ended THEN paid.now END
    FROM paid, unnest(:legs::uuid[], :legNames::text[], :legStatuses::text[], :legAmounts::bigint[],
      :legReturned::bigint[], :providerRefundIds::text[], :rawStatuses::text[], :failures::text[], :traces::text[],
      :legsAsOf::timestamptz[], :leases::float8[], :looks::float8[], :areEnded::boolean[])
      AS new (id, name, status, amount, returned, provider_refund_id, raw_status, failure, trace_references, as_of,
        lease, look, is_ended)),
  share AS (
    INSERT INTO leg_sources (leg_id, source_id, merchant_id, amount_minor, platform_fee_minor)
    SELECT new.leg_id, new.source_id, paid.merchant_id, new.amount, new.fee
    FROM paid, unnest(:shareLegs::uuid[], :shareSources::uuid[], :shareAmounts::bigint[], :shareFees::bigint[])
      AS new (leg_id, source_id, amount, fee)),
  ${optional.join('')}
  counted AS (
    -- A source has one share in a refund, so no row is updated twice.
    UPDATE payment_sources source SET
      reserved_minor = source.reserved_minor + new.reserved * new.amount,
      refunded_minor = source.refunded_minor + new.refunded * new.amount,
      fee_reserved_minor = source.fee_reserved_minor + new.reserved * COALESCE(new.fee, 0),
      fee_returned_minor = source.fee_returned_minor + new.refunded * COALESCE(new.fee, 0),
      overcommitted = source.overcommitted OR (:isFact AND (
        source.refunded_minor + source.reserved_minor + (new.reserved + new.refunded) * new.amount > source.captured_minor
        OR source.fee_returned_minor + source.fee_reserved_minor + (new.reserved + new.refunded) * COALESCE(new.fee, 0)
          > COALESCE(source.platform_fee_minor, 0)))
    FROM paid, unnest(:shareSources, :shareAmounts, :shareFees, :shareReserved::integer[], :shareRefunded::integer[])
      AS new (id, amount, fee, reserved, refunded)
    WHERE source.id = new.id),
  told AS (
    INSERT INTO events (merchant_id, payment_id, refund_id, leg_id, operation_id, kind, from_status, to_status, source,
      actor, api_key_id, request_id, evidence)
    SELECT paid.merchant_id, paid.id, :refundId, :eventLeg::uuid, :eventOperation::uuid, :eventKind::text,
      :eventFrom::text, :eventTo::text, :eventSource::text, :eventActor::text, :eventKey::uuid, :eventRequest::text,
      :evidence::jsonb
    FROM paid)
SELECT now FROM paid`;
