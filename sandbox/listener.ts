import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const HOST = '127.0.0.1';
const KEEP_ALIVE_MS = 75_000;
const REOPEN_ATTEMPTS = 40;
const REOPEN_PAUSE_MS = 25;

/** The port is taken by somebody else; the message says which one and how to choose another. */
export class PortInUseError extends Error {
  constructor(port: number) {
    super(`port ${port} on ${HOST} is in use; set SANDBOX_PORT to another block of ports`);
  }
}

/** An HTTP server on loopback whose port can be closed and opened again, as in an outage. */
export class Listener {
  readonly #server: Server;
  #port = 0;
  #changes: Promise<void> = Promise.resolve();

  constructor(handler: RequestListener) {
    // Long keep-alive: an idle connection that the server drops looks like a fault to the client.
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, handler);
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** Listens on `port`, 0 for any free one. Rejects with PortInUseError. */
  async open(port: number): Promise<void> {
    await listen(this.#server, port);
    const address: AddressInfo | string | null = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the listener has no port');
    this.#port = address.port;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://${HOST}:${this.#port}`;
  }

  /** Connections are refused from now on; open ones are cut. */
  refuse(): Promise<void> {
    return this.#queue(async () => {
      if (this.#server.listening) await close(this.#server);
    });
  }

  /** Listens on the same port again. */
  accept(): Promise<void> {
    return this.#queue(async () => {
      for (let attempt = 1; !this.#server.listening; attempt += 1) {
        try {
          await listen(this.#server, this.#port);
        } catch (error) {
          if (attempt === REOPEN_ATTEMPTS) throw error;
          await new Promise((resolve) => setTimeout(resolve, REOPEN_PAUSE_MS));
        }
      }
    });
  }

  close(): Promise<void> {
    return this.refuse();
  }

  #queue(change: () => Promise<void>): Promise<void> {
    this.#changes = this.#changes.then(change, change);
    return this.#changes;
  }
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(error.code === 'EADDRINUSE' ? new PortInUseError(port) : error);
    server.once('error', fail);
    server.listen(port, HOST, () => {
      server.removeListener('error', fail);
      resolve();
    });
  });
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
