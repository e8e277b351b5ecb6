import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

const MOST_BYTES = 1_000_000;

/**
 * An SMTP server on loopback, over TLS from the first byte, that prints every mail and delivers none: whoever runs a
 * sample here reads its mail in the terminal. Answers its `url` and `stop()`.
 */
export async function startMailServer({ key, certificate }) {
  const server = new SMTPServer({
    secure: true,
    key,
    cert: certificate,
    authOptional: true,
    size: MOST_BYTES,
    onData: (stream, session, done) => {
      const recipients = session.envelope.rcptTo.map(({ address }) => address).join(', ');
      simpleParser(stream).then((mail) => {
        print(recipients, mail);
        done();
      }, done);
    },
  });
  // A client that goes away in the middle is none of our business.
  server.on('error', () => undefined);
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.server.address();
  return {
    name: 'mail',
    url: `smtps://127.0.0.1:${port}`,
    stop: () => new Promise((resolve) => server.close(() => resolve(0))),
  };
}

function print(recipients, { subject = '', text = '' }) {
  const lines = [
    `To ${recipients}: ${subject}`,
    ...text
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => `  ${line}`),
  ];
  for (const line of lines) console.log(`[mail] ${line}`);
}
