import { startSandbox } from './sandbox.ts';

const DEFAULT_PORT = '4010';
const HIGHEST_FIRST_PORT = 65_000; // leaves room for the block

/**
 * `node sandbox/main.ts`: runs the sandbox until SIGTERM or SIGINT. Prints one JSON line on standard output when it is
 * ready. Environment: SANDBOX_PORT, SANDBOX_JOURNAL, SANDBOX_SEED (0: no ready payments), SANDBOX_WEBHOOK_URL,
 * SANDBOX_STDIN (1: also stop when standard input ends, so that it cannot outlive the program that started it).
 */
async function main(env: NodeJS.ProcessEnv): Promise<void> {
  process.stdout.on('error', () => undefined); // whoever read the first line may have gone away
  process.stderr.on('error', () => undefined);
  const sandbox = await startSandbox({
    port: parsePort(env['SANDBOX_PORT'] ?? DEFAULT_PORT),
    journal: env['SANDBOX_JOURNAL'] === '' ? undefined : env['SANDBOX_JOURNAL'],
    seed: env['SANDBOX_SEED'] !== '0',
    webhookUrl: env['SANDBOX_WEBHOOK_URL'] === '' ? undefined : env['SANDBOX_WEBHOOK_URL'],
  });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    sandbox.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (env['SANDBOX_STDIN'] === '1') process.stdin.on('end', stop).on('error', stop).resume();
  const { controlUrl: control, yookassaUrl: yookassa, razorpayUrl: razorpay, stripeUrl: stripe } = sandbox;
  const { robokassaUrl: robokassa, yandexPayUrl: yandexPay, prismUrl: prism } = sandbox;
  const urls = { control, yookassa, robokassa, razorpay, 'yandex-pay': yandexPay, stripe, prism };
  process.stdout.write(`${JSON.stringify({ event: 'sandbox-ready', ...urls })}\n`);
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(port) || port > HIGHEST_FIRST_PORT) {
    throw new Error(`SANDBOX_PORT must be a number from 0 to ${HIGHEST_FIRST_PORT}, not "${text}"`);
  }
  return port;
}

main(process.env).catch((error: unknown) => {
  process.stderr.write(`sandbox: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
