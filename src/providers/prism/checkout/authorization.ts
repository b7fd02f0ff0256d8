import type { CredentialsOf } from '../credentials.ts';

/** The bearer is `apiSecret`, not `apiKey` (hyperswitch-prism 0.4.0). Never stored, never logged. */
export const authorization = ({
  apiSecret,
}: CredentialsOf<'checkout'>): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${apiSecret}`,
});
