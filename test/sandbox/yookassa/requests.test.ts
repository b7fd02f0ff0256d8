import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Harness, OTHER, rub, startHarness } from '../harness.ts';

describe('yookassa requests', () => {
  let sandbox: Harness;
  beforeEach(async () => {
    sandbox = await startHarness({ seed: false });
  });
  afterEach(() => sandbox.close());

  it('knows the shop by Basic auth', async () => {
    const { status, body } = await sandbox.api('GET', '/me');
    expect(status).toBe(200);
    expect(body).toMatchObject({ account_id: '100500', status: 'enabled', test: true });
  });

  it('accepts the published test vector format and refuses wrong, foreign and malformed credentials with 401', async () => {
    for (const authorization of [
      `Basic ${btoa('100500:wrong')}`,
      `Basic ${btoa('999999:test_demo_yookassa_secret_key')}`,
      `Basic ${btoa('shop:key')}`,
      'Basic ???',
      'Bearer token',
      '',
    ]) {
      const { status, body } = await sandbox.api('GET', '/me', { headers: { authorization } });
      expect(status).toBe(401);
      expect(body).toMatchObject({ type: 'error', code: 'invalid_credentials' });
      expect(body['id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('answers 403 for an operation that the shop has no right to', async () => {
    await sandbox.control('POST', '/control/mode', {
      provider: 'yookassa',
      disabledRights: ['createRefund'],
    });
    const id = await sandbox.payment();
    expect(await sandbox.refund(id, '1.00')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await sandbox.api('GET', `/payments/${id}`)).status).toBe(200);
  });

  it('answers 404 for unknown paths and ids, 405 for wrong verbs, 415 for other content types', async () => {
    const root = new URL(sandbox.yookassaUrl).origin;
    for (const path of ['/', '//', '/v3', '/v3/', '/v4/me', '/v3me']) {
      expect((await fetch(root + path)).status).toBe(404);
    }
    expect(await sandbox.api('GET', '/nothing')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect((await sandbox.api('GET', '/payments/3294dc46-000f-5000-8000-f9043ec085f7')).status).toBe(404);
    expect((await sandbox.api('GET', '/refunds/3294dc46-0015-5000-8000-f9043ec085f7')).status).toBe(404);
    const wrongVerb = await sandbox.api('DELETE', '/refunds');
    expect(wrongVerb.status).toBe(405);
    expect(wrongVerb.headers.get('allow')).toBe('GET, POST');
    const form = await sandbox.api('POST', '/refunds', {
      key: 'k',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'a=b',
    });
    expect(form.status).toBe(415);
  });

  it('refuses a body that is not a JSON object', async () => {
    for (const body of ['{', '[]', '"text"', 'null']) {
      const reply = await sandbox.api('POST', '/refunds', { key: `k${body.length}`, body });
      expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
  });

  it('hides the payments of another shop as if they did not exist', async () => {
    const id = await sandbox.payment({ account: 'yookassa-other' });
    expect((await sandbox.api('GET', `/payments/${id}`, { shop: OTHER })).status).toBe(200);
    expect((await sandbox.api('GET', `/payments/${id}`)).status).toBe(404);
    expect(await sandbox.refund(id, '1.00')).toMatchObject({
      status: 400,
      body: { parameter: 'payment_id' },
    });
    expect(await sandbox.api('POST', `/payments/${id}/cancel`, { key: 'k', body: {} })).toMatchObject({
      status: 400,
      body: { parameter: 'payment_id' },
    });
    const refund = await sandbox.api('POST', '/refunds', {
      shop: OTHER,
      key: 'k',
      body: { payment_id: id, amount: rub('5.00') },
    });
    expect(refund.status).toBe(200);
    expect((await sandbox.api('GET', `/refunds/${String(refund.body['id'])}`)).status).toBe(404);
    expect((await sandbox.api('GET', '/refunds')).body['items']).toEqual([]);
    expect((await sandbox.api('GET', '/payments')).body['items']).toEqual([]);
    expect((await sandbox.api('GET', '/payments', { shop: OTHER })).body['items']).toMatchObject([{ id }]);
  });

  it('ignores a key and a body on GET', async () => {
    const id = await sandbox.payment();
    for (const path of [`/payments/${id}`, `/payments/${id}`]) {
      expect((await sandbox.api('GET', path, { key: 'same' })).status).toBe(200);
    }
  });

  it('refuses a body above one megabyte', async () => {
    const reply = await sandbox.api('POST', '/refunds', { key: 'k', body: 'x'.repeat(1_100_000) });
    expect(reply.status).toBe(413);
  });
});
