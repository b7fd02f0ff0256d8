import { z } from 'zod';
import { OPERATIONS } from '../faults.ts';
import { TEXT_KEYS } from './texts.ts';

/** `POST /control/mode` for this provider: behaviour that is undocumented, or that differs between shops. */
export const SettingsSchema = z.strictObject({
  /** Whether a new refund succeeds at once or waits for `POST /control/settle`. */
  refunds: z.enum(['instant', 'pending']),
  /** Whether a replayed key answers with the first answer or with the object as it is now. */
  replay: z.enum(['stored', 'current']),
  /** Whether a refused request burns its key, so that a corrected one needs a new key. */
  keepRefusals: z.boolean(),
  /** Unknown query parameters, bracketed filter names among them: 400, or ignored. */
  strictFilters: z.boolean(),
  /** A partial refund without a receipt is refused. */
  receiptRequired: z.boolean(),
  /** 80 with the provider's receipts, 100 with a cash register of one's own. */
  maxReceiptItems: z.int().min(1).max(100),
  minimumRefund: z.string().regex(/^\d{1,9}\.\d{2}$/, 'two decimals, such as "1.00"'),
  /** New objects are missing from lists for this long. */
  listLagSeconds: z.int().min(0).max(86_400),
  /** Operations that the shop has no right to: 403. */
  disabledRights: z.array(z.enum(OPERATIONS)),
  /** Wording of error descriptions. */
  texts: z.partialRecord(z.enum(TEXT_KEYS), z.string().max(500)),
});

export type Settings = z.infer<typeof SettingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  refunds: 'instant',
  replay: 'stored',
  keepRefusals: true,
  strictFilters: false,
  receiptRequired: false,
  maxReceiptItems: 80,
  minimumRefund: '1.00',
  listLagSeconds: 0,
  disabledRights: [],
  texts: {},
};
