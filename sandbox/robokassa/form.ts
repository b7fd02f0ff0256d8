import type { ProviderRequest } from '../simulator.ts';

/** The fields of a form body. */
export function formFields({ body }: Pick<ProviderRequest, 'body'>): URLSearchParams {
  return new URLSearchParams(body.toString('utf8'));
}
