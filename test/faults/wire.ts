import { connect, createServer, type Server, type Socket } from 'node:net';

/** A wire between application and database that can be cut or clogged. */
export class Wire {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  clogged = false;
  url = '';

  async open(target: string): Promise<void> {
    const { hostname, port } = new URL(target);
    this.server = createServer((near) => {
      const far = connect({ host: hostname, port: Number(port) });
      for (const socket of [near, far]) this.sockets.add(socket.on('error', () => undefined));
      near.on('data', (data) => void (this.clogged || far.write(data))).on('close', () => far.destroy());
      far.on('data', (data) => void (this.clogged || near.write(data))).on('close', () => near.destroy());
    });
    await new Promise<void>((resolve) =>
      this.server!.listen(Number(new URL(this.url || 'http://x:0').port || 0), '127.0.0.1', resolve),
    );
    const wired = new URL(target);
    wired.hostname = '127.0.0.1';
    wired.port = String((this.server.address() as { port: number }).port);
    this.url = wired.href;
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.server!.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
    await closed;
  }
}
