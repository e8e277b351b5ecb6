const NAME = 'tokens';
const KEY = 'current';

const others = new BroadcastChannel(NAME);
const database = new Promise((resolve, reject) => {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(NAME);
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
});

/**
 * Where all tabs see it. Not in `localStorage`: a tab in another process may still read the old value there for a moment
 * after it was given the lock. Transactions are in order over all tabs.
 */
export const tabStore = {
  async read() {
    return (await transact('readonly', (tokens) => tokens.get(KEY))) ?? {};
  },
  async write(tokens) {
    await transact('readwrite', (store) => store.put(tokens, KEY));
    others.postMessage('written');
  },
};

async function transact(mode, work) {
  // Strict: on the disk before the answer to a refresh is used.
  const transaction = (await database).transaction(NAME, mode, { durability: 'strict' });
  return new Promise((resolve, reject) => {
    const request = work(transaction.objectStore(NAME));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** One at a time over all tabs. A tab that is closed lets go. */
export function oneTabAtATime(work) {
  return navigator.locks.request(NAME, work);
}

/** When another tab has written. */
export function onOtherTab(listener) {
  others.onmessage = () => listener();
}
