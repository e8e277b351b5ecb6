import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listening {
  readonly server: Server;
  /** Without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** A server on an ephemeral port of loopback. What serves may be set later: a provider has to know its own address. */
export async function listen(serve?: RequestListener): Promise<Listening> {
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        // Answers that never come, and connections that are kept for the next request.
        server.closeAllConnections();
      }),
  };
}
