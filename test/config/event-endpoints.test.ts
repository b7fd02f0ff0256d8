import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DEMO_EVENTS_SECRET } from '../../src/config/demo.ts';
import { endpoint, load, loadFile, merchant, problemsOf, secretOf, wheresOf } from './settings.ts';

const ofMerchant = (...eventEndpoints: unknown[]) => ({ merchants: [merchant({ eventEndpoints })] });
const ofOperator = (...operatorEndpoints: unknown[]) => ({ merchants: [merchant()], operatorEndpoints });
const at = (path: string) => `ACCOUNTS_FILE: merchants[0].eventEndpoints[0].${path}`;
const SECRET_RULE = /must be "whsec_" and 24 to 64 random bytes in base64/;

describe('the endpoints of events', () => {
  it('are none where none are configured', () => {
    const { merchants, operatorEndpoints } = loadFile({ merchants: [merchant()] });
    expect(merchants[0]?.eventEndpoints).toBeUndefined();
    expect(operatorEndpoints).toEqual([]);
  });

  it('belong to a merchant or to the operator, and want everything unless they say what', () => {
    const given = endpoint({ events: ['refund.finalized', 'refund.created', 'refund.finalized'] });
    const config = loadFile({
      merchants: [merchant({ eventEndpoints: [given] })],
      operatorEndpoints: [endpoint({ code: 'pager' })],
    });
    const [ours] = config.merchants[0]?.eventEndpoints ?? [];
    const url = 'https://orders.example.com/refund-events';
    const common = { url, allowPrivateNetwork: false };
    expect(ours).toMatchObject({ code: 'orders', events: ['refund.finalized', 'refund.created'], ...common });
    expect(ours?.secrets).toEqual([secretOf(32)]);
    expect(config.operatorEndpoints).toMatchObject([{ code: 'pager', events: [], ...common }]);
  });

  it('take secrets from the environment, up to three of 24 to 64 bytes', () => {
    const env = { A: secretOf(24), B: secretOf(25), C: secretOf(64) };
    const config = loadFile(ofMerchant(endpoint({ secrets: ['${A}', '${B}', '${C}'] })), env);
    expect(config.merchants[0]?.eventEndpoints?.[0]?.secrets).toEqual([env.A, env.B, env.C]);
  });

  it.each([
    ['https://orders.example.com', 'https://orders.example.com/', false],
    ['https://orders.example.com:8443/a?token=1', 'https://orders.example.com:8443/a?token=1', false],
    ['HTTPS://Orders.Example.com/A', 'https://orders.example.com/A', false],
    ['https://8.8.8.8/', 'https://8.8.8.8/', false],
    ['https://[2606:4700::1111]/', 'https://[2606:4700::1111]/', false],
    ['http://127.0.0.1:9000/e', 'http://127.0.0.1:9000/e', true],
    ['http://localhost:9000/e', 'http://localhost:9000/e', true],
    ['http://[::1]:9000/e', 'http://[::1]:9000/e', true],
    ['https://10.1.2.3/e', 'https://10.1.2.3/e', true],
    ['https://[fd00::1]/e', 'https://[fd00::1]/e', true],
  ])('may be at %s', (url, normalised, allowPrivateNetwork) => {
    const config = loadFile(ofMerchant(endpoint({ url, allowPrivateNetwork })));
    expect(config.merchants[0]?.eventEndpoints).toMatchObject([{ url: normalised }]);
  });

  it.each([
    '127.0.0.1',
    '127.8.8.8',
    '2130706433',
    '0x7f.1',
    '017700000001',
    '127.1',
    'localhost',
    'LOCALHOST',
    'localhost.',
    'a.localhost',
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.7',
    '203.0.113.9',
    '224.0.0.1',
    '255.255.255.255',
    '[::]',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:10.0.0.1]',
    '[::127.0.0.1]',
    '[64:ff9b::a00:1]',
    '[64:ff9b:1::1]',
    '[100::1]',
    '[2001::1]',
    '[2001:db8::1]',
    '[2002:a00:1::1]',
    '[3fff::1]',
    '[fc00::1]',
    '[fd12::1]',
    '[fe80::1]',
    '[ff02::1]',
  ])('are refused at %s without a word that a private network is meant', (host) => {
    const [problem, ...others] = problemsOf(() =>
      loadFile(ofMerchant(endpoint({ url: `https://${host}/e` }))),
    );
    expect(others).toEqual([]);
    expect(problem).toBe(
      `${at('url')}: is inside a private network; if that is meant, set "allowPrivateNetwork": true`,
    );
    const allowed = endpoint({ url: `https://${host}/e`, allowPrivateNetwork: true });
    expect(loadFile(ofMerchant(allowed)).merchants[0]?.eventEndpoints).toHaveLength(1);
  });

  it.each([
    ['http outside this machine', { url: 'http://example.com/e' }, /must be https/],
    [
      'http inside a private network',
      { url: 'http://10.0.0.1/e', allowPrivateNetwork: true },
      /must be https/,
    ],
    [
      'a name that begins like an address',
      { url: 'http://127.0.0.1.example.com/e', allowPrivateNetwork: true },
      /must be https/,
    ],
    ['http on this machine alone', { url: 'http://127.0.0.1:1/e' }, /is inside a private network/],
    ['another protocol', { url: 'ftp://example.com/e' }, /must start with https/],
    ['no URL', { url: 'orders.example.com' }, /is not a URL/],
    ['a space', { url: 'https://example.com/ canary' }, /is not a URL/],
    ['a user', { url: 'https://canary@example.com/' }, /must not hold a user name/],
    ['a password', { url: 'https://:canary@example.com/' }, /must not hold a user name/],
    ['a fragment', { url: 'https://example.com/#canary' }, /must not have a fragment/],
    ['a long one', { url: `https://example.com/${'canary'.repeat(400)}` }, /must be at most 2048 characters/],
    ['a number', { url: 5 }, /must be a text/],
    ['none', { url: undefined }, /is missing/],
  ])('are refused with a wrong URL: %s', (_name, more, message) => {
    const problems = problemsOf(() => loadFile(ofMerchant(endpoint(more))));
    expect(problems).toEqual([expect.stringMatching(message)]);
    expect(problems[0]).toContain(at('url'));
    expect(problems[0]).not.toContain('canary');
  });

  it.each([
    ['no list', 'secrets', undefined, /is missing/],
    ['none', 'secrets', [], /must have at least one secret/],
    ['four', 'secrets', [1, 2, 3, 4].map((n) => secretOf(32, n)), /must have at most 3 secrets/],
    ['another beginning', 'secrets[0]', [secretOf(32).replace('whsec_', 'canary')], SECRET_RULE],
    ['23 bytes', 'secrets[0]', [secretOf(23)], SECRET_RULE],
    ['65 bytes', 'secrets[0]', [secretOf(65)], SECRET_RULE],
    ['base64 without its end', 'secrets[0]', [secretOf(32).replace('=', '')], SECRET_RULE],
    ['base64 for URLs', 'secrets[0]', [`whsec_${'-_'.repeat(22)}`], SECRET_RULE],
    ['a line break', 'secrets[0]', [`${secretOf(32)}\n`], SECRET_RULE],
    ['a number', 'secrets[1]', [secretOf(32), 5], /must be a text/],
    [
      'the same one twice',
      'secrets[1]',
      [secretOf(32), secretOf(32)],
      /is the same as .*secrets\[0\]; one secret signs once/,
    ],
    ['that of the demo', 'secrets[0]', [DEMO_EVENTS_SECRET], /is the secret of the demo/],
  ])('are refused with wrong secrets: %s', (_name, place, secrets, message) => {
    const problems = problemsOf(() => loadFile(ofMerchant(endpoint({ secrets }))));
    expect(problems).toEqual([expect.stringMatching(message)]);
    expect(problems[0]).toContain(at(place));
    for (const secret of [secrets].flat().filter((each) => typeof each === 'string'))
      expect(problems[0]).not.toContain(secret.slice(6));
  });

  it.each([
    ['a code with capitals', ofMerchant(endpoint({ code: 'Orders' })), 'merchants[0].eventEndpoints[0].code'],
    ['no type', ofMerchant(endpoint({ events: [] })), 'merchants[0].eventEndpoints[0].events'],
    [
      'an unknown type',
      ofMerchant(endpoint({ events: ['refund.done'] })),
      'merchants[0].eventEndpoints[0].events[0]',
    ],
    [
      'alerts for a merchant',
      ofMerchant(endpoint({ events: ['alert.raised'] })),
      'merchants[0].eventEndpoints[0].events[0]',
    ],
    [
      'refunds for the operator',
      ofOperator(endpoint({ events: ['refund.created'] })),
      'operatorEndpoints[0].events[0]',
    ],
    [
      'a word for yes',
      ofMerchant(endpoint({ allowPrivateNetwork: 'yes' })),
      'merchants[0].eventEndpoints[0].allowPrivateNetwork',
    ],
    ['no list', { merchants: [merchant()], operatorEndpoints: {} }, 'operatorEndpoints'],
  ])('are refused with %s', (_name, document, path) => {
    expect(wheresOf(() => loadFile(document))).toEqual([`ACCOUNTS_FILE: ${path}`]);
  });

  it('have hints for misspelt fields, of merchants and of the operator', () => {
    const document = {
      ...ofMerchant(endpoint({ secret: 'x' })),
      operatorEndpoints: [endpoint({ code: 'pager', uri: 1 })],
    };
    expect(problemsOf(() => loadFile(document)).toSorted()).toEqual([
      `${at('secret')}: is not known here; did you mean "secrets"?`,
      'ACCOUNTS_FILE: operatorEndpoints[0].uri: is not known here; did you mean "url"?',
    ]);
  });

  it("have codes of their own in the whole file, the operator's included", () => {
    const document = {
      merchants: [
        merchant({ eventEndpoints: [endpoint()] }),
        merchant({ code: 'second', keys: [], accounts: [], eventEndpoints: [endpoint()] }),
      ],
      operatorEndpoints: [endpoint()],
    };
    expect(problemsOf(() => loadFile(document))).toEqual([
      expect.stringContaining(
        'merchants[1].eventEndpoints[0].code: is the same as merchants[0].eventEndpoints[0].code; endpoint codes',
      ),
      expect.stringContaining('operatorEndpoints[0].code: is the same as'),
    ]);
  });

  it('report everything that is wrong with them at once, beside what else is wrong', () => {
    const broken = endpoint({ code: 'X', url: 'http://example.com', secrets: ['a'], events: ['b'], more: 1 });
    const document = { merchants: [merchant({ name: 5, eventEndpoints: [broken] })] };
    expect(wheresOf(() => loadFile(document, { PORT: 'x' })).toSorted()).toEqual(
      [
        'PORT',
        'ACCOUNTS_FILE: merchants[0].name',
        at('code'),
        at('events[0]'),
        at('more'),
        at('secrets[0]'),
        at('url'),
      ].toSorted(),
    );
  });

  it('show no secret when they are printed', () => {
    const config = loadFile({
      ...ofMerchant(endpoint({ secrets: [secretOf(32, 1)] })),
      operatorEndpoints: [endpoint({ code: 'pager', secrets: [secretOf(32, 2)] })],
    });
    const printed = [
      inspect(config, { depth: null, showHidden: true }),
      inspect(config, { depth: null, customInspect: false }),
      JSON.stringify(config),
      JSON.stringify(config.merchants[0]?.eventEndpoints?.map((each) => ({ ...each }))),
    ].join('\n');
    expect(printed).toContain('"secrets":"[hidden]"');
    for (const fill of [1, 2]) expect(printed).not.toContain(secretOf(32, fill).slice(6, 30));
  });
});

describe('the endpoints of the demo', () => {
  it('are none unless a URL is given', () => {
    const { merchants, operatorEndpoints } = load({ DEMO: '1' });
    expect(merchants.flatMap(({ eventEndpoints }) => eventEndpoints ?? [])).toEqual([]);
    expect(operatorEndpoints).toEqual([]);
  });

  it.each(['http://127.0.0.1:9000/events', 'http://localhost:9000/', 'http://[::1]:9000/?a=1'])(
    'are both at %s, with the public secret',
    (url) => {
      const { merchants, operatorEndpoints } = load({ DEMO: '1', DEMO_EVENTS_URL: url });
      const there = { url, events: [], allowPrivateNetwork: true };
      expect(merchants[0]?.eventEndpoints).toMatchObject([{ code: 'events-demo', ...there }]);
      expect(merchants[1]?.eventEndpoints).toBeUndefined();
      expect(operatorEndpoints).toMatchObject([{ code: 'alerts-demo', ...there }]);
      const all = [...(merchants[0]?.eventEndpoints ?? []), ...(operatorEndpoints ?? [])];
      expect(all.map(({ secrets }) => secrets)).toEqual([[DEMO_EVENTS_SECRET], [DEMO_EVENTS_SECRET]]);
      expect(Buffer.from(DEMO_EVENTS_SECRET.slice(6), 'base64')).toHaveLength(32);
    },
  );

  it.each([
    'http://example.com/',
    'https://127.0.0.1:9000/',
    'http://10.0.0.1/',
    'http://user:canary@127.0.0.1/',
    'http://127.0.0.1.example.com/',
    '127.0.0.1:9000',
    '',
  ])('are refused at %j', (DEMO_EVENTS_URL) => {
    const problems = problemsOf(() => load({ DEMO: '1', DEMO_EVENTS_URL }));
    expect(problems).toEqual([expect.stringMatching(/^DEMO_EVENTS_URL: /)]);
    expect(problems.join()).not.toContain('canary');
  });

  it('are for the demo only', () => {
    const env = { DEMO_EVENTS_URL: 'http://127.0.0.1:9000/' };
    expect(problemsOf(() => loadFile({ merchants: [merchant()] }, env))).toEqual([
      expect.stringMatching(/^DEMO_EVENTS_URL: is for the demo \(DEMO=1\) only/),
    ]);
  });
});
