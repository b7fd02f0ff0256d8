import { sql, type Kysely } from 'kysely';

/**
 * How fast a refund is wanted, and which failed refund it takes the place of. Locking: `refunds` is locked
 * exclusively while the table is read once, for the foreign key and for the index; the new columns are empty
 * and rewrite nothing.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [columns, replacedOnce]) await sql.raw(statement).execute(db);
}

const columns = `
ALTER TABLE refunds
  ADD COLUMN speed text CONSTRAINT refunds_speed_known CHECK (speed IN ('NORMAL', 'OPTIMUM')),
  ADD COLUMN replaces uuid,
  ADD CONSTRAINT refunds_replaces_fkey FOREIGN KEY (merchant_id, replaces) REFERENCES refunds (merchant_id, id),
  ADD CONSTRAINT refunds_replaces_another CHECK (replaces <> id);
`;

const replacedOnce = `
CREATE UNIQUE INDEX refunds_replaced_once ON refunds (replaces) WHERE replaces IS NOT NULL;
`;
