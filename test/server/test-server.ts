import { connect } from 'node:net';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { buildSchema, GraphQLError, type GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Viewer } from '../../src/context.ts';
import type { ApiKeyId, MerchantId } from '../../src/ids.ts';
import { createLog } from '../../src/log.ts';
import type { Caller } from '../../src/refunds/world.ts';
import { createServer, type Server, type ServerDeps } from '../../src/server/create-server.ts';
import { createMetricsPage } from '../../src/server/metrics.ts';
import { createMetricsRegistry } from '../../src/server/metrics-registry.ts';

export const KEY = 'rf_test_key_of_the_viewer_0001';

export const viewer: Viewer = {
  merchantId: '018f0000-0000-7000-8000-000000000001' as MerchantId,
  merchantCode: 'acme',
  keyId: '018f0000-0000-7000-8000-000000000002' as ApiKeyId,
  keyName: 'backend',
  scopes: new Set(['read', 'write']),
};

/** A schema with every kind of field that the server treats in a way of its own. */
const SDL = `
  input MoneyInput { value: String! currency: String! }
  input AmountInput @oneOf { remaining: Boolean money: MoneyInput }
  input LineInput { title: String! quantity: Int! }
  input RefundInput { amount: AmountInput! lines: [LineInput!] note: String }
  type Thing { id: ID! thing: Thing }
  type Query {
    hello: String
    whoAmI: String!
    thing: Thing
    fails: String
    denied: String
    database: String
    provider(retry: String!): String
    wrongScalar: Int
    waits: String
    double(of: Int!): Int
  }
  type Mutation { createRefund(input: RefundInput!): String cancelPayment(id: ID): String rename(to: String): String }
`;

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Names of the mutations that ran. */
  readonly ran: string[];
  /** Ends every pending `waits`. */
  release(): void;
  /** How many `waits` are pending. */
  waiting(): number;
  /** Everything that was logged, as text. */
  logged(): string;
  query(query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer>;
}

export interface GraphqlAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { message: string; path?: unknown; extensions?: Record<string, unknown> }[];
  readonly text: string;
}

export async function startServer(overrides: Partial<ServerDeps> = {}): Promise<TestServer> {
  const ran: string[] = [];
  const releases: (() => void)[] = [];
  const lines: string[] = [];
  const schema = withResolvers(buildSchema(SDL), ran, releases);
  const metrics = createMetricsRegistry();
  const server = createServer({
    schema,
    log: logInto(lines),
    authenticate: (header) => (header === `Bearer ${KEY}` ? viewer : undefined),
    contextFor: (caller) => ({ caller }),
    isMoneyMoving: (field) => field === 'createRefund' || field === 'cancelPayment',
    askDatabase: () => Promise.resolve(),
    metrics,
    metricsPage: createMetricsPage({
      metrics,
      readBacklog: () =>
        Promise.resolve({ accounts: [], openLegs: [], attention: [], endpoints: [], horizonAgeSeconds: 0 }),
      poolCounts: () => ({ total: 0, idle: 0, waiting: 0 }),
    }),
    maxInflightRequests: 8,
    ...overrides,
  });
  const { port } = await server.listen('127.0.0.1', 0);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    server,
    ran,
    release: () => releases.splice(0).forEach((release) => release()),
    waiting: () => releases.length,
    logged: () => lines.join(''),
    query: (query, variables) => post(url, { query, variables }),
  };
}

/** Sends one operation as a client does that understands the present media type. */
export async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<GraphqlAnswer> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return readAnswer(answer);
}

/** Asks by GET with these parameters. */
export async function get(
  url: string,
  parameters: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<GraphqlAnswer> {
  const answer = await fetch(`${url}/graphql?${new URLSearchParams(parameters).toString()}`, {
    headers: { authorization: `Bearer ${KEY}`, accept: 'application/graphql-response+json', ...headers },
  });
  return readAnswer(answer);
}

export async function readAnswer(answer: Response): Promise<GraphqlAnswer> {
  const text = await answer.text();
  const parsed = JSON.parse(text) as Pick<GraphqlAnswer, 'data' | 'errors'>;
  return { status: answer.status, headers: answer.headers, text, ...parsed };
}

/** Writes raw bytes to a socket and gives everything that comes back until the other side closes. */
export async function raw(port: number, ...parts: (string | Buffer)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  await once(socket, 'connect');
  for (const part of parts) if (!socket.destroyed) socket.write(part);
  await once(socket, 'close');
  return Buffer.concat(received).toString('utf8');
}

export const codesOf = (answer: GraphqlAnswer): unknown[] =>
  (answer.errors ?? []).map(({ extensions }) => extensions?.['code']);

function logInto(lines: string[]): Logger {
  const destination = new PassThrough();
  destination.on('data', (chunk: Buffer) => lines.push(chunk.toString('utf8')));
  return createLog({ level: 'debug', destination });
}

function withResolvers(schema: GraphQLSchema, ran: string[], releases: (() => void)[]): GraphQLSchema {
  const query = schema.getQueryType()!.getFields();
  const mutation = schema.getMutationType()!.getFields();
  query['hello']!.resolve = () => 'world';
  query['whoAmI']!.resolve = (_root, _args, context: { caller: Caller }) =>
    context.caller.viewer.merchantCode;
  query['thing']!.resolve = () => ({ id: '1', thing: null });
  query['fails']!.resolve = () => {
    throw new Error('secret-of-the-inside');
  };
  query['denied']!.resolve = () => {
    throw new GraphQLError('No scope.', { extensions: { code: 'FORBIDDEN' } });
  };
  query['database']!.resolve = () => {
    throw Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' });
  };
  query['provider']!.resolve = (_root, { retry }: { retry: string }) => {
    throw new GraphQLError('It does not answer.', { extensions: { code: 'PROVIDER_UNAVAILABLE', retry } });
  };
  query['wrongScalar']!.resolve = () => 'secret-of-the-inside';
  query['waits']!.resolve = () => new Promise((resolve) => releases.push(() => resolve('done')));
  query['double']!.resolve = (_root, { of }: { of: number }) => of * 2;
  for (const [name, field] of Object.entries(mutation))
    field.resolve = () => {
      ran.push(name);
      return name;
    };
  return schema;
}
