import type { AddressInfo } from 'node:net';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { smtp, type MailKind, type MailOptions } from '../../lib/index.js';

/** A mail as it arrived. */
export interface ReceivedMail {
  readonly to: string;
  readonly from: string;
  readonly kind: MailKind;
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Every URL of the text part. */
  readonly links: readonly string[];
  /** Of the first link that carries one in its fragment. */
  readonly token: string | undefined;
  /** The digits that stand alone in the text part. */
  readonly code: string | undefined;
  readonly headers: ParsedMail['headers'];
}

export interface Mailbox {
  /** For `auth.mail`. */
  readonly options: MailOptions;
  readonly port: number;
  /** The oldest mail to this address that nobody has taken yet, of one kind or with this in its subject. Waits 5 s. */
  next(to: string, kindOrSubject?: MailKind | (string & {})): Promise<ReceivedMail>;
  /** Everything that has come for this address, or for anybody. */
  all(to?: string): readonly ReceivedMail[];
  close(): Promise<void>;
}

interface Waiting {
  readonly fits: (mail: ReceivedMail) => boolean;
  readonly take: (mail: ReceivedMail) => void;
}

const WAIT_MS = 10_000;

/** A real SMTP server on an ephemeral port of loopback. */
export async function startMailbox(server: SMTPServerOptions = {}): Promise<Mailbox> {
  const received: ReceivedMail[] = [];
  const untaken: ReceivedMail[] = [];
  let waiting: readonly Waiting[] = [];

  const arrive = (mail: ReceivedMail): void => {
    received.push(mail);
    const first = waiting.find(({ fits }) => fits(mail));
    if (first === undefined) untaken.push(mail);
    else first.take(mail);
  };

  const smtpServer = new SMTPServer({
    authOptional: true,
    closeTimeout: 100,
    disabledCommands: ['STARTTLS'],
    onData: (stream, session, done) => {
      const recipients = session.envelope.rcptTo.map(({ address }) => address);
      simpleParser(stream)
        .then((parsed) => {
          done();
          recipients.forEach((to) => arrive(mailOf(parsed, to)));
        })
        .catch(done);
    },
    ...server,
  });
  smtpServer.on('error', () => undefined);
  await new Promise<void>((resolve) => smtpServer.listen(0, '127.0.0.1', resolve));
  const { port } = smtpServer.server.address() as AddressInfo;

  return {
    port,
    options: smtp({ url: `smtp://127.0.0.1:${port}`, from: 'Gatehouse <no-reply@example.com>' }),
    all: (to) => received.filter((mail) => to === undefined || isTo(mail, to)),
    next: (to, kindOrSubject) => {
      const fits = (mail: ReceivedMail): boolean =>
        isTo(mail, to) &&
        (kindOrSubject === undefined || mail.kind === kindOrSubject || mail.subject.includes(kindOrSubject));
      const index = untaken.findIndex(fits);
      if (index !== -1) return Promise.resolve(untaken.splice(index, 1)[0]!);
      return new Promise<ReceivedMail>((resolve, reject) => {
        const leave = (): void => {
          clearTimeout(timer);
          waiting = waiting.filter((each) => each !== entry);
        };
        const entry: Waiting = {
          fits,
          take: (mail) => {
            leave();
            resolve(mail);
          },
        };
        const timer = setTimeout(() => {
          leave();
          const seen = received.map((mail) => `${mail.kind} to ${mail.to}`).join(', ') || 'nothing';
          reject(new Error(`No mail ${kindOrSubject ?? ''} to ${to} within ${WAIT_MS} ms. Came so far: ${seen}.`));
        }, WAIT_MS);
        waiting = [...waiting, entry];
      });
    },
    close: () => new Promise<void>((resolve) => smtpServer.close(resolve)),
  };
}

function isTo(mail: ReceivedMail, to: string): boolean {
  return mail.to.toLowerCase() === to.toLowerCase();
}

function mailOf(parsed: ParsedMail, to: string): ReceivedMail {
  const text = parsed.text ?? '';
  const links = [...text.matchAll(/https?:\/\/[^\s<>]+/g)].map(([link]) => link);
  return {
    to,
    from: parsed.from?.text ?? '',
    kind: parsed.headers.get('x-gatehouse-kind') as MailKind,
    messageId: parsed.messageId ?? '',
    subject: parsed.subject ?? '',
    text,
    html: parsed.html || '',
    links,
    token: links.map((link) => /#token=([^&\s]+)/.exec(link)?.[1]).find((token) => token !== undefined),
    code: /(?<![\w/.-])\d{6,10}(?![\w/.-])/.exec(text.replace(/https?:\S+/g, ''))?.[0],
    headers: parsed.headers,
  };
}
