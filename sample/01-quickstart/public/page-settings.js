import { request } from './api.js';

/** What only the server knows: where passkeys work, and which providers it signs in with. */
export let pageSettings = { baseOrigin: location.origin, passkeyOrigin: location.origin, providers: [] };

export async function loadPageSettings() {
  pageSettings = await request('GET', '/assets/settings.json');
}
