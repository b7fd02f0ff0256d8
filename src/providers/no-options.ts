import { z } from 'zod';

/** The settings of an account where there is nothing to set. */
export const noOptions = z.strictObject({});
