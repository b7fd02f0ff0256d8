import { sql, type Kysely } from 'kysely';

/**
 * What further providers need: the lines of a cart with what is returned and reserved of each, what a payment is
 * called besides its id, refunds that are stopped at the provider, and unpaid payments that are closed.
 *
 * Locking: each table is locked exclusively for a moment; columns have constant defaults, so that nothing is
 * rewritten; the checks that are replaced become wider, so that no row is read again for long.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [accounts, payments, items, canceled, operations])
    await sql.raw(statement).execute(db);
}

/** Rows of before are all of providers whose identity is their own. */
const accounts = `
ALTER TABLE accounts ADD COLUMN identity_space text;
UPDATE accounts SET identity_space = provider;
ALTER TABLE accounts
  ALTER COLUMN identity_space SET NOT NULL,
  DROP CONSTRAINT accounts_identity_unique,
  ADD CONSTRAINT accounts_identity_unique UNIQUE (identity_space, identity);
COMMENT ON COLUMN accounts.identity_space IS 'Whose name the identity is: two providers may lead to one account';
`;

const payments = `
ALTER TABLE payments
  ADD COLUMN handles jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN whole_only boolean NOT NULL DEFAULT false,
  ADD COLUMN facts_from text NOT NULL DEFAULT 'PROVIDER'
    CONSTRAINT payments_facts_from_known CHECK (facts_from IN ('PROVIDER', 'CALLER'));
COMMENT ON COLUMN payments.handles IS 'What calls about the payment need besides its id, in the words of its provider; never secret';
COMMENT ON COLUMN payments.whole_only IS 'Only the whole payment can be refunded, at once';
COMMENT ON COLUMN payments.facts_from IS 'CALLER: the provider cannot be asked, and a caller has said what was captured';
`;

const items = `
CREATE TABLE payment_items (
  id uuid PRIMARY KEY,
  merchant_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  item text NOT NULL,
  title text NOT NULL,
  position integer NOT NULL,
  sold_hundredths bigint NOT NULL,
  sold_minor bigint NOT NULL,
  left_hundredths bigint NOT NULL,
  left_minor bigint NOT NULL,
  returned_hundredths bigint NOT NULL DEFAULT 0,
  returned_minor bigint NOT NULL DEFAULT 0,
  reserved_hundredths bigint NOT NULL DEFAULT 0,
  reserved_minor bigint NOT NULL DEFAULT 0,
  overcommitted boolean NOT NULL DEFAULT false,
  CONSTRAINT payment_items_of_merchant UNIQUE (merchant_id, id),
  CONSTRAINT payment_items_item_unique UNIQUE (payment_id, item),
  CONSTRAINT payment_items_payment_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments (merchant_id, id),
  CONSTRAINT payment_items_sold_not_negative CHECK (sold_hundredths >= 0 AND sold_minor >= 0),
  CONSTRAINT payment_items_returned_not_negative CHECK (returned_hundredths >= 0 AND returned_minor >= 0),
  CONSTRAINT payment_items_reserved_not_negative CHECK (reserved_hundredths >= 0 AND reserved_minor >= 0),
  CONSTRAINT payment_items_never_more_than_sold CHECK (overcommitted OR
    (returned_hundredths + reserved_hundredths <= sold_hundredths AND returned_minor + reserved_minor <= sold_minor))
);
COMMENT ON TABLE payment_items IS 'Lines of the cart of a payment; quantities in hundredths of a unit';
COMMENT ON COLUMN payment_items.sold_minor IS 'As it was seen first, or last before it was captured: what is refundable of it at most';
COMMENT ON COLUMN payment_items.left_minor IS 'As the provider told it last';

CREATE TABLE refund_items (
  leg_id uuid NOT NULL,
  item_id uuid NOT NULL,
  merchant_id uuid NOT NULL,
  refund_id uuid NOT NULL,
  quantity_hundredths bigint NOT NULL,
  amount_minor bigint NOT NULL,
  PRIMARY KEY (leg_id, item_id),
  CONSTRAINT refund_items_leg_fkey FOREIGN KEY (merchant_id, leg_id) REFERENCES refund_legs (merchant_id, id),
  CONSTRAINT refund_items_item_fkey FOREIGN KEY (merchant_id, item_id) REFERENCES payment_items (merchant_id, id),
  CONSTRAINT refund_items_amounts CHECK (quantity_hundredths >= 0 AND amount_minor > 0)
);
CREATE INDEX refund_items_by_item ON refund_items (item_id);
CREATE INDEX refund_items_by_refund ON refund_items (refund_id);
COMMENT ON TABLE refund_items IS 'What a leg takes of a line: a quantity at its price, or with quantity 0 only a part of the price';
`;

/** A refund that ended because somebody stopped it at the provider; an import is still the only SUCCEEDED one that is closed. */
const canceled = `
INSERT INTO leg_transitions (from_status, to_status) VALUES
  ('SENDING', 'CANCELED'), ('UNKNOWN', 'CANCELED'), ('MANUAL_REVIEW', 'CANCELED');
CREATE OR REPLACE FUNCTION refund_legs_move_along_the_table() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM leg_transitions t WHERE t.from_status = OLD.status AND t.to_status = NEW.status)
    -- What was made elsewhere is closed when it turns out to be one of ours; nothing else that succeeded ends like that.
    OR (NEW.status = 'CANCELED' AND OLD.status = 'SUCCEEDED' AND NEW.name NOT LIKE 'external:%') THEN
    RAISE EXCEPTION 'leg % cannot move from % to %', OLD.id, OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_legs_transition_known', TABLE = 'refund_legs';
  END IF;
  RETURN NEW;
END $$;
`;

const operations = `
ALTER TABLE payment_operations
  DROP CONSTRAINT payment_operations_kind_known,
  ADD CONSTRAINT payment_operations_kind_known CHECK (kind IN ('VOID', 'CANCEL_UNPAID')),
  ADD COLUMN refund_id uuid,
  ADD CONSTRAINT payment_operations_refund_fkey FOREIGN KEY (merchant_id, refund_id) REFERENCES refunds (merchant_id, id);
COMMENT ON COLUMN payment_operations.refund_id IS 'The refund that it became, because the payment was captured meanwhile';
`;
