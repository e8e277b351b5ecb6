import { SignedOut, TokenClient } from './public/token-client.js';

/** A visit to the running sample by a service: the client of the page, with a store and a lock in this process. */
const url = process.argv[2] ?? 'http://127.0.0.1:3000';
const [email, password] = [`ada${Date.now()}@example.com`, 'seven hinges and a bell'];
let refreshes = 0;
let answersToLose = 0;

/** A desktop application would keep them in the keychain of the system. */
function memoryStore() {
  let tokens = {};
  return { read: () => tokens, write: (next) => void (tokens = next) };
}

function oneAtATime() {
  let last = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** A network that counts refreshes, and loses an answer when told to. */
async function network(address, options) {
  const response = await fetch(address, options);
  if (!address.endsWith('/auth/token/refresh')) return response;
  refreshes += 1;
  if (answersToLose === 0) return response;
  answersToLose -= 1;
  throw new TypeError('The answer was lost.');
}

function newClient(name) {
  const store = memoryStore();
  const tell = (text) => console.log(`  ${name}: ${text}`);
  return { store, client: new TokenClient({ url, store, exclusively: oneAtATime(), tell, fetch: network }) };
}

/** As a minute later: the client takes its access token for one that is about to expire. */
const wait = (store) => store.write({ ...store.read(), refreshAt: 0 });

const refusalOf = (promise) =>
  promise.then(
    () => Promise.reject(new Error('This should have been refused.')),
    (error) => error,
  );

const headers = { 'Content-Type': 'application/json' };
const registered = await fetch(`${url}/auth/register`, {
  method: 'POST',
  headers,
  body: JSON.stringify({ email, password }),
});
if (!registered.ok) throw new Error(await registered.text());

console.log('Two devices sign in, one of them only to read:');
const { store, client } = newClient('desk');
const { store: phoneStore, client: phone } = newClient('phone');
await client.signIn(email, password, 'notes:read notes:write account');
await phone.signIn(email, password, 'notes:read');
await client.request('/notes', { method: 'POST', body: { text: 'Oil the hinges.' } });
console.log('  The phone reads:', (await phone.request('/notes')).items.length, 'note');
const refused = await refusalOf(phone.request('/notes', { method: 'POST', body: { text: 'x' } }));
console.log('  The phone writes:', refused.status, refused.code);
console.log('  The account lists', (await client.request('/auth/sessions')).items.length, 'sessions');

console.log('Ten requests at once, and the access token is about to expire:');
wait(store);
await Promise.all(Array.from({ length: 10 }, () => client.request('/notes')));
console.log('  Refreshes:', refreshes);

console.log('The answer to a refresh is lost:');
[refreshes, answersToLose] = [0, 1];
wait(store);
await client.request('/notes');
console.log('  Refreshes:', refreshes);

console.log('The phone has been copied, and both copies refresh:');
const copied = phoneStore.read();
for (let turn = 0; turn < 2; turn += 1) {
  wait(phoneStore);
  await phone.request('/notes');
}
const { store: thief, client: copy } = newClient('copy');
thief.write({ ...copied, refreshAt: 0 });
console.log('  The copy:', (await refusalOf(copy.request('/notes'))).code);
console.log('  The phone:', (await refusalOf(phone.request('/notes'))).code);

console.log('Signing out revokes the session:');
const { accessToken } = store.read();
await client.signOut();
const late = await fetch(`${url}/notes`, { headers: { Authorization: `Bearer ${accessToken}` } });
console.log('  Its access token is now answered', late.status);
const after = await refusalOf(client.request('/notes'));
if (!(after instanceof SignedOut)) throw after;
console.log('  The client says:', after.message);
