import { SandboxClock } from './clock.ts';
import { createControlListener } from './control/server.ts';
import { FaultBook } from './faults.ts';
import { Journal } from './journal.ts';
import { ProviderServer } from './provider-server.ts';
import { PrismSimulator } from './prism/simulator.ts';
import { RazorpaySimulator } from './razorpay/simulator.ts';
import { RequestLog } from './request-log.ts';
import { StripeSimulator } from './stripe/simulator.ts';
import { YandexPaySimulator } from './yandex-pay/simulator.ts';
import { RoboKassaSimulator } from './robokassa/simulator.ts';
import { YooKassaSimulator } from './yookassa/simulator.ts';

export interface SandboxOptions {
  /** First port of the block: the control API; simulators follow. 0 (the default): any free ports. */
  port?: number | undefined;
  /** File that keeps the state over a kill -9; absent: memory only. */
  journal?: string | undefined;
  /** Whether an empty sandbox starts with the ready payments. Default true. */
  seed?: boolean | undefined;
  /** Where notifications go once they are switched on; `{account}` becomes the account code. */
  webhookUrl?: string | undefined;
  /** Real time in milliseconds, before the offset of the control API. Default Date.now. */
  realNow?: (() => number) | undefined;
}

/** A running sandbox. */
export interface Sandbox {
  controlUrl: string;
  yookassaUrl: string;
  robokassaUrl: string;
  razorpayUrl: string;
  /** Where the API begins; the JWKS is beside it. */
  yandexPayUrl: string;
  stripeUrl: string;
  /** Without a path: the connectors are below it. */
  prismUrl: string;
  /** Stops at once, also with requests that hang. */
  close(): Promise<void>;
}

/** Starts the control API and every simulator on 127.0.0.1. Rejects with PortInUseError; then nothing is left running. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, seed = true, webhookUrl, realNow = Date.now } = options;
  const journal = Journal.open(options.journal);
  const clock = new SandboxClock(journal, realNow);
  const faults = new FaultBook(journal);
  const log = new RequestLog();
  const world = { clock, faults, log };
  const simulator = { journal, clock, seed, webhookUrl };
  const yookassa = new ProviderServer(new YooKassaSimulator(simulator), world);
  const robokassa = new ProviderServer(new RoboKassaSimulator(simulator), world);
  const razorpay = new ProviderServer(new RazorpaySimulator(simulator), world);
  const stripeAccounts = new StripeSimulator(simulator);
  const stripe = new ProviderServer(stripeAccounts, world);
  const prism = new ProviderServer(new PrismSimulator(simulator, stripeAccounts), world);
  const yandexPay = new ProviderServer(new YandexPaySimulator(simulator), world);
  const servers = [yookassa, robokassa, razorpay, yandexPay, stripe, prism];
  const control = createControlListener({ ...world, journal, servers });
  const close = async (): Promise<void> => {
    await Promise.all([control.close(), ...servers.map((server) => server.close())]);
    journal.close();
  };
  try {
    await control.open(port);
    for (const server of servers) await server.open(port === 0 ? 0 : port + server.simulator.portOffset);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    controlUrl: control.url,
    yookassaUrl: yookassa.url,
    razorpayUrl: razorpay.url,
    yandexPayUrl: `${yandexPay.url}/merchant`,
    stripeUrl: stripe.url,
    prismUrl: prism.url,
    robokassaUrl: robokassa.url,
    close,
  };
}
