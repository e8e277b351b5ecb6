import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { smtp, type Duration } from '../../lib/index.js';

/** A server that says what the script says, and counts the mails whose content it has been given. */
export async function startScriptedServer(
  answers: (line: string, socket: Socket) => string | undefined,
  { greeting = '220 lab', timeout = '5s' }: { readonly greeting?: string; readonly timeout?: Duration } = {},
) {
  let contents = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (greeting !== '') socket.write(`${greeting}\r\n`);
    let inContent = false;
    let buffer = '';
    socket.on('data', (data) => {
      buffer += data.toString();
      for (let end = buffer.indexOf('\r\n'); end !== -1; end = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        if (inContent && line !== '.') continue;
        if (inContent) contents += 1;
        const answer = answers(inContent ? 'CONTENT' : line, socket);
        inContent = !inContent && answer?.startsWith('354') === true;
        if (answer !== undefined && !socket.destroyed) socket.write(`${answer}\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    mail: smtp({ url: `smtp://127.0.0.1:${port}`, from: 'no-reply@example.com', timeout }),
    contents: () => contents,
    connections: () => sockets.size,
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Everything goes well. */
export function well(line: string): string | undefined {
  if (/^EHLO/i.test(line)) return '250 lab';
  if (/^DATA/i.test(line)) return '354 go on';
  return '250 ok';
}
