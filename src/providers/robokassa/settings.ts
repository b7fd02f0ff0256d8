import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { parseBaseUrl } from '../../config/hosts.ts';

/** Visible ASCII without the colon, which separates the parts of what is signed. */
const merchantLogin = z
  .string()
  .regex(/^[!-9;-~]{1,64}$/, 'must be 1 to 64 visible ASCII characters without a colon');
const password = z.string().regex(/^[!-~]{1,256}$/, 'must be 1 to 256 visible ASCII characters');

/**
 * The shop's name and its passwords from the cabinet: the first signs holds and refunds of v1, the second look-ups, the
 * third refunds of v2 (docs.robokassa.ru/ru/refund-api: it exists after a request to the support only).
 */
export const credentials = z.strictObject({
  merchantLogin,
  password1: password,
  password2: password,
  password3: password.optional(),
});

export type RoboKassaCredentials = z.infer<typeof credentials>;

export const hashAlgorithms = ['md5', 'ripemd160', 'sha1', 'sha256', 'sha384', 'sha512'] as const;
export type HashAlgorithm = (typeof hashAlgorithms)[number];

export const jwtAlgorithms = ['HS256', 'HS384', 'HS512'] as const;
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

const url = z.string().transform((text, context) => {
  const parsed = parseBaseUrl(text);
  if (parsed.ok) return parsed.url;
  context.issues.push({ code: 'custom', message: parsed.message, input: text });
  return z.NEVER;
});

const MIN_RSA_BITS = 2048;

/** A private key has a public one, too, but must not be here. */
const PUBLIC_PEM = /^-----BEGIN (CERTIFICATE|PUBLIC KEY)-----[A-Za-z0-9+/=\s]+-----END \1-----$/;

const isRsaPublicPem = (pem: string): boolean => {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(pem);
    return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
  } catch {
    return false;
  }
};

const certificate = z
  .string()
  .trim()
  .refine(
    (pem) => PUBLIC_PEM.test(pem) && isRsaPublicPem(pem),
    `must be one certificate or public key in PEM, of RSA with at least ${MIN_RSA_BITS} bits`,
  );

const severalAllowed = 'must be one to 5 certificates or public keys, or be left out';

/** What is set for a shop besides its passwords; the algorithms as in its cabinet. */
export const options = z.strictObject({
  /** `v1`: the XML operations, which RoboKassa does not document. */
  refundApi: z.enum(['v2', 'v1']).default('v2'),
  hashAlgorithm: z.enum(hashAlgorithms).default('md5'),
  jwtAlgorithm: z.enum(jwtAlgorithms).default('HS256'),
  refundBaseUrl: url.optional(),
  /** Refunds are refused here after so many days; RoboKassa publishes no limit. */
  refundWindowDays: z.int().min(1).max(3650).optional(),
  /** By which ResultUrl2 is verified: what RoboKassa publishes, or its public key; several while one follows another. */
  resultUrl2Certificate: z
    .preprocess(
      (given) => (typeof given === 'string' ? [given] : given),
      z.array(certificate).min(1, severalAllowed).max(5, severalAllowed).optional(),
    )
    .optional(),
});

export type RoboKassaOptions = z.infer<typeof options>;

export const DEFAULT_BASE_URL = 'https://auth.robokassa.ru';
export const DEFAULT_REFUND_BASE_URL = 'https://services.robokassa.ru/RefundService';

/** The name of the second host in a request. */
export const REFUNDS_HOST = 'refunds';

/** Limits are not published; two requests a second are polite. */
export const DEFAULT_REQUESTS_PER_SECOND = 2;

/** What the credentials and the options of an account lack together. */
export function missingOf(
  { password3 }: RoboKassaCredentials,
  { refundApi, refundBaseUrl }: RoboKassaOptions,
  baseUrl: string,
): { readonly path: readonly string[]; readonly message: string } | undefined {
  if (refundApi === 'v2' && password3 === undefined)
    return { path: ['credentials', 'password3'], message: 'is missing; the refund API signs with it' };
  // Look-ups in a sandbox and refunds in production would be the worst of both.
  if (refundApi === 'v2' && refundBaseUrl === undefined && baseUrl !== DEFAULT_BASE_URL)
    return { path: ['options', 'refundBaseUrl'], message: "is missing; baseUrl is not RoboKassa's own" };
  return undefined;
}
