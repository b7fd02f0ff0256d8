import { createHash, createHmac } from 'node:crypto';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../sandbox/sandbox.ts';
import { call, type Controls, controlsOf, type Json, type Reply, rub } from '../harness.ts';

export const LOGIN = 'demo-shop';
export const P1 = 'pass1-secret';
export const P2 = 'pass2-secret';
export const P3 = 'pass3-secret';
export const SERVICE = '/Merchant/WebService/Service.asmx';

export interface JwtOptions {
  key?: string;
  header?: Json;
  digest?: string;
}

/** A sandbox in this process with short ways to call RoboKassa in it as the demo shop. */
export interface RobokassaHarness extends Sandbox, Controls {
  /** `OpStateExt` by GET with the right signature. */
  state(invoiceId: string, fields?: Record<string, string>): Promise<Reply>;
  /** The OpKey of a payment, as OpStateExt tells it. */
  opKey(invoiceId: string): Promise<string>;
  /** `Create` with these exact bytes. */
  createRaw(body: string, contentType?: string): Promise<Reply>;
  /** `Create` with a JWT of these claims. */
  create(claims: unknown, options?: JwtOptions): Promise<Reply>;
  /** A refund of a payment by its invoice; without a sum all that is left. */
  refund(invoiceId: string, sum?: number, extra?: Json): Promise<Reply>;
  /** `GetState`. */
  refundState(id: unknown): Promise<Reply>;
  /** A form to `/Merchant/Payment/Confirm` or `Cancel`; signed over `signed` and Password1. */
  hold(action: 'Confirm' | 'Cancel', fields: Record<string, string>, signed: string[]): Promise<Reply>;
  /** An XML document to a v1 operation. */
  v1(operation: 'OpRefund' | 'OpRefundStatus', xml: string): Promise<Reply>;
  settle(input: Json): Promise<Reply>;
}

/** Lower-case hex; RoboKassa takes either case. */
export function hash(values: string[], algorithm = 'md5'): string {
  return createHash(algorithm).update(values.join(':')).digest('hex');
}

export function jwt(claims: unknown, options: JwtOptions = {}): string {
  return jwtText(JSON.stringify(claims), options);
}

/** A JWT over the exact text of its claims. */
export function jwtText(claims: string, { key = P3, header, digest = 'sha256' }: JwtOptions = {}): string {
  const signed = [JSON.stringify(header ?? { alg: 'HS256', typ: 'JWT' }), claims]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
  return `${signed}.${createHmac(digest, key).update(signed).digest('base64url')}`;
}

/** The text of the first element with this name. */
export function textOf({ text }: Pick<Reply, 'text'>, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
}

/** `State/Code`. */
export function stateOf({ text }: Pick<Reply, 'text'>): string | undefined {
  return /<State><Code>([^<]*)<\/Code>/.exec(text)?.[1];
}

/** `Result/Code`. */
export function resultOf({ text }: Pick<Reply, 'text'>): string | undefined {
  return /<Result><Code>([^<]*)<\/Code>/.exec(text)?.[1];
}

export async function startRobokassa(options: SandboxOptions = { seed: false }): Promise<RobokassaHarness> {
  const sandbox = await startSandbox(options);
  const controls = controlsOf(sandbox, 'robokassa', rub('1500.00'));
  const at = (path: string): string => `${sandbox.robokassaUrl}${path}`;
  const post = (path: string, body: string, type: string): Promise<Reply> =>
    call(at(path), { method: 'POST', headers: { 'content-type': type }, body });
  const state: RobokassaHarness['state'] = (invoiceId, fields = {}) => {
    const query = new URLSearchParams({
      MerchantLogin: LOGIN,
      InvoiceID: invoiceId,
      Signature: hash([LOGIN, invoiceId, P2]),
      ...fields,
    });
    return call(at(`${SERVICE}/OpStateExt?${query.toString()}`), {});
  };
  const opKey: RobokassaHarness['opKey'] = async (invoiceId) => textOf(await state(invoiceId), 'OpKey') ?? '';
  const createRaw: RobokassaHarness['createRaw'] = (body, contentType = 'application/json') =>
    post('/RefundService/Refund/Create', body, contentType);
  const create: RobokassaHarness['create'] = (claims, options) =>
    createRaw(JSON.stringify(jwt(claims, options)));
  return {
    ...sandbox,
    ...controls,
    state,
    opKey,
    createRaw,
    create,
    refund: async (invoiceId, sum, extra = {}) =>
      create({ OpKey: await opKey(invoiceId), ...(sum !== undefined && { RefundSum: sum }), ...extra }),
    refundState: (id) => call(at(`/RefundService/Refund/GetState?id=${String(id)}`), {}),
    hold: (action, fields, signed) =>
      post(
        `/Merchant/Payment/${action}`,
        new URLSearchParams({ SignatureValue: hash([LOGIN, ...signed, P1]), ...fields }).toString(),
        'application/x-www-form-urlencoded',
      ),
    v1: (operation, xml) => post(`${SERVICE}/${operation}`, xml, 'application/x-www-form-urlencoded'),
    settle: (input) => controls.control('POST', '/control/settle', { provider: 'robokassa', ...input }),
  };
}
