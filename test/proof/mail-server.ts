import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { MailKind } from '../../lib/index.js';

export interface Mail {
  /** `Message-ID`: the same at every try of one letter. */
  readonly id: string;
  readonly to: string;
  readonly kind: MailKind;
  /** Of the link, where there is one. */
  readonly token: string | undefined;
}

type Moment = 'has a mail' | 'has accepted a mail';

/** An SMTP server whose answers can be slow or not come at all, and that tells when it has a mail. */
export class MailServer {
  private readonly raw: { readonly to: string; readonly source: Buffer }[] = [];
  private server: SMTPServer | undefined;
  private port = 0;
  /** How long each mail is thought about before it is accepted. */
  answerAfterMs = 0;
  /** Called at both moments of every mail. */
  onMail: (moment: Moment) => void = () => undefined;

  static async start(): Promise<MailServer> {
    const server = new MailServer();
    await server.open();
    return server;
  }

  get isOpen(): boolean {
    return this.server !== undefined;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  /** On the same port as before. */
  async open(): Promise<void> {
    this.server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      closeTimeout: 100,
      logger: false,
      onData: (stream, session, done) => void this.take(stream, session).then(() => done(), done),
    });
    // A client that dies in the middle of a mail.
    this.server.on('error', () => undefined);
    const listening = this.server.listen(this.port, '127.0.0.1');
    await once(listening, 'listening');
    this.port = (listening.address() as AddressInfo).port;
  }

  /** Connections are refused from now on. */
  async close(): Promise<void> {
    const server = this.server!;
    this.server = undefined;
    await new Promise<void>((resolve) => server.close(resolve));
  }

  async to(address: string): Promise<Mail[]> {
    return Promise.all(this.raw.filter(({ to }) => to === address).map(parsed));
  }

  private async take(stream: SMTPServerDataStream, { envelope }: SMTPServerSession): Promise<void> {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    // Throws when its client is gone by then.
    await once(stream, 'end');
    this.onMail('has a mail');
    if (this.answerAfterMs > 0) await delay(this.answerAfterMs, undefined, { ref: false });
    const source = Buffer.concat(chunks);
    for (const { address } of envelope.rcptTo) this.raw.push({ to: address, source });
    setImmediate(() => this.onMail('has accepted a mail'));
  }
}

async function parsed({ to, source }: { readonly to: string; readonly source: Buffer }): Promise<Mail> {
  const { messageId = '', text = '', headers } = await simpleParser(source);
  const kind = headers.get('x-gatehouse-kind') as MailKind;
  return { id: messageId, to, kind, token: /#token=([\w.-]+)/.exec(text)?.[1] };
}
