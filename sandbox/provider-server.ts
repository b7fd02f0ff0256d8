import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { SandboxClock } from './clock.ts';
import type { Fault, FaultBook } from './faults.ts';
import { readBody, requestUrl } from './http.ts';
import { Listener } from './listener.ts';
import { hashBody, type LoggedRequest, type RequestLog, withoutSecrets } from './request-log.ts';
import type { Answer, ProviderCall, Simulator } from './simulator.ts';

interface World {
  clock: SandboxClock;
  faults: FaultBook;
  log: RequestLog;
}

const DEFAULT_SLOW_MS = 1_000;

/** A provider's port: reads requests, lets the simulator execute them, and plays the faults of the network. */
export class ProviderServer {
  readonly simulator: Simulator;
  readonly #world: World;
  readonly #listener: Listener;
  readonly #stopped = new AbortController();
  readonly #running = new Map<string, Promise<unknown>>();
  #reopening: NodeJS.Timeout | undefined;

  constructor(simulator: Simulator, world: World) {
    this.simulator = simulator;
    this.#world = world;
    this.#listener = new Listener((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.destroy();
        if (!this.#stopped.signal.aborted && !request.destroyed) report(error);
      });
    });
  }

  /** Opens the port; an outage that the journal remembers goes on. */
  async open(port: number): Promise<void> {
    await this.#listener.open(port);
    const outage = this.#world.faults
      .list()
      .find((fault) => fault.provider === this.simulator.provider && fault.kind === 'connect-refused');
    if (outage !== undefined) await this.refuseConnections(outage);
  }

  get url(): string {
    return this.#listener.url + this.simulator.basePath;
  }

  /** Closes the port until `acceptConnections`, or for the fault's `seconds` of real time. */
  async refuseConnections(fault: Fault): Promise<void> {
    clearTimeout(this.#reopening);
    if (fault.seconds !== undefined) {
      this.#reopening = setTimeout(() => {
        this.#world.faults.remove(fault.id);
        this.acceptConnections().catch(() => undefined);
      }, fault.seconds * 1_000);
    }
    await this.#listener.refuse();
  }

  async acceptConnections(): Promise<void> {
    clearTimeout(this.#reopening);
    if (!this.#stopped.signal.aborted) await this.#listener.accept();
  }

  /** Stops at once; requests that wait or hang are cut. */
  async close(): Promise<void> {
    clearTimeout(this.#reopening);
    this.#stopped.abort();
    this.simulator.close();
    await this.#listener.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = requestUrl(request);
    const body = await readBody(request);
    const { clock, faults, log } = this.#world;
    const method = request.method ?? 'GET';
    const base = this.simulator.basePath;
    const below = url.pathname.startsWith(`${base}/`) ? url.pathname.slice(base.length) : undefined;
    const call = this.simulator.identify({
      method,
      path: below ?? '',
      query: url.searchParams,
      headers: request.headers,
      body: body ?? Buffer.alloc(0),
    });
    const entry = log.open({
      at: new Date(clock.now()).toISOString(),
      provider: this.simulator.provider,
      alsoKnownAs: call.alsoKnownAs,
      account: call.account,
      operation: call.operation ?? null,
      method,
      path: request.url ?? '/',
      headers: withoutSecrets(request.headers),
      bodyHash: hashBody(body ?? Buffer.alloc(0)),
      providerKey: call.providerKey,
    });
    if (body === undefined) {
      entry.status = 413;
      response.writeHead(413, { connection: 'close' }).end();
      return;
    }
    const names = [this.simulator.provider, ...(call.alsoKnownAs === undefined ? [] : [call.alsoKnownAs])];
    const fault = faults.take(
      names,
      call.operation,
      call.references,
      (kind, operation) =>
        this.simulator.faultApplies(kind, operation) && call.faultApplies?.(kind) !== false,
    );
    entry.fault = fault?.kind ?? null;
    await this.#play(call, fault, entry, response);
  }

  async #play(
    call: ProviderCall,
    fault: Fault | undefined,
    entry: LoggedRequest,
    response: ServerResponse,
  ): Promise<void> {
    if (fault?.kind === 'lost-before-effect') {
      response.destroy();
      return;
    }
    if (fault?.kind === 'hang' && fault.effect === false) return; // the connection stays open and silent
    const answer = await this.#execute(call, fault);
    entry.effect = answer.effect;
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'lost-after-effect') {
      response.destroy();
      return;
    }
    if (fault?.kind === 'slow' && fault.when !== 'before') await this.#wait(fault);
    entry.status = answer.status;
    if (fault?.kind === 'cut-body') cut(response, answer);
    else send(response, answer);
  }

  async #execute(call: ProviderCall, fault: Fault | undefined): Promise<Answer> {
    const run = async (): Promise<Answer> => {
      if (fault?.kind === 'slow' && fault.when === 'before') await this.#wait(fault);
      return call.run(fault);
    };
    const key = call.exclusive;
    if (key === undefined) return run();
    const previous = this.#running.get(key);
    if (previous !== undefined && call.whenBusy !== undefined) return call.whenBusy(fault);
    const mine = previous === undefined ? run() : previous.then(run, run);
    this.#running.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#running.get(key) === mine) this.#running.delete(key);
    }
  }

  async #wait(fault: Fault): Promise<void> {
    await pause(fault.ms ?? DEFAULT_SLOW_MS, undefined, { signal: this.#stopped.signal });
  }
}

// A bug of the sandbox or a journal that cannot be written: the caller sees a broken connection, the operator the cause.
function report(error: unknown): void {
  process.stderr.write(
    `sandbox: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
}

function send(response: ServerResponse, answer: Answer): void {
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
  response.end(body);
}

// Promises the whole body, sends half of it and hangs up.
function cut(response: ServerResponse, answer: Answer): void {
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
}
