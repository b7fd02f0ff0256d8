// A provider that answers every refund at once with "succeeded", the shape of YooKassa's API v3. It checks and remembers
// nothing: the sandbox would take more of the core that it shares with PostgreSQL than both of them.
import { createServer, type AddressInfo, type Socket } from 'node:net';

let refunds = 0;

const server = createServer((socket) => {
  let pending = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    pending += chunk.toString('latin1');
    for (let end = endOfRequest(pending); end > 0; end = endOfRequest(pending)) {
      answer(socket, pending.slice(0, end));
      pending = pending.slice(end);
    }
  });
});

function endOfRequest(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? '0');
  const end = head + 4 + length;
  return text.length >= end ? end : 0;
}

function answer(socket: Socket, request: string): void {
  const body = request.slice(request.indexOf('\r\n\r\n') + 4);
  const asked: unknown = body === '' ? {} : JSON.parse(body);
  const { payment_id, amount, metadata } = { payment_id: '', amount: null, metadata: {}, ...Object(asked) };
  const text = JSON.stringify({
    id: `bench-refund-${process.pid}-${(refunds += 1)}`,
    payment_id,
    status: 'succeeded',
    amount,
    created_at: new Date().toISOString(),
    metadata,
    refund_authorization_details: { rrn: '576799233866' },
  });
  socket.write(
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ event: 'stub-ready', url: `http://127.0.0.1:${port}/v3` })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
