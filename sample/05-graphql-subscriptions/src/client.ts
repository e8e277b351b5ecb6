import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** A visit to the running sample: a subscription with an access token, a note, and a revoked session that ends both. */
const url = process.argv[2] ?? 'http://127.0.0.1:3000';
const account = { email: `ada${Date.now()}@example.com`, password: 'seven hinges and a bell' };

async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Record<string, string>> {
  const sent = { 'Content-Type': 'application/json', ...headers };
  const response = await fetch(url + path, { method: 'POST', headers: sent, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json().catch(() => ({}))) as Record<string, string>;
}

await post('/auth/register', account);
const { access_token: token = '' } = await post('/auth/login', { ...account, deliver: 'tokens' });
const authorization = `Bearer ${token}`;

const client = createClient({
  url: `${url.replace('http', 'ws')}/graphql`,
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  connectionParams: { authorization },
  on: {
    connected: () => void setTimeout(() => void write(), 200),
    closed: (event) => {
      const { code, reason } = event as { code: number; reason: string };
      console.log('The session has ended, and so have its subscriptions:', code, reason);
    },
  },
});
client.subscribe(
  { query: 'subscription { written { author text } }' },
  {
    next: ({ data }) => {
      console.log('Written:', data);
      void post('/auth/token/revoke', { token });
    },
    error: () => undefined,
    complete: () => undefined,
  },
);

async function write(): Promise<void> {
  await post('/graphql', { query: 'mutation { write(text: "Oil the hinges.") { text } }' }, { authorization });
}
