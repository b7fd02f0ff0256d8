/** Whether a provider's refund ended without money, whoever ended it: what failed, and what was stopped there. */
export const returnedNothing = ({ status }: { readonly status: string | null }): boolean =>
  status === 'FAILED' || status === 'CANCELED';
