import { io } from 'socket.io-client';

/** A visit to the running sample: in with an access token, a word to everybody, and out by a sign-out. */
const url = process.argv[2] ?? 'http://127.0.0.1:3000';
const account = { email: `ada${Date.now()}@example.com`, password: 'seven hinges and a bell' };

async function post(path: string, body: object): Promise<Record<string, string>> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json().catch(() => ({}))) as Record<string, string>;
}

const stranger = io(url, { forceNew: true, reconnection: false });
await new Promise((resolve) => {
  stranger.once('connect_error', (error: Error & { data?: unknown }) => {
    console.log('Without a sign-in the handshake is refused:', error.data);
    resolve(undefined);
  });
});

await post('/auth/register', account);
const { access_token: token } = await post('/auth/login', { ...account, deliver: 'tokens' });
const socket = io(url, { auth: { token }, forceNew: true, reconnection: false });
socket.on('exception', (refusal) => console.log('Refused:', refusal));
socket.on('said', async (message) => {
  console.log('Said to everybody:', message);
  socket.emit('announce', 'Only administrators may.');
  await new Promise((resolve) => setTimeout(resolve, 200));
  await post('/auth/token/revoke', { token: token ?? '' });
});
socket.once('disconnect', (reason) => console.log('The session has ended, and so has the socket:', reason));
socket.emit('say', 'Hello');
