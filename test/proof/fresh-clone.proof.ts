import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { npmStart, temporaryFolder } from '../quickstart/quickstart-process.js';

const ROOT = join(import.meta.dirname, '..', '..');
const ADA = { email: 'ada@example.com', password: 'correct horse battery staple' };

it('a clone of what is committed, with an empty HOME, starts and guards', { timeout: 30 * 60_000 }, async () => {
  const folder = await temporaryFolder();
  const [clone, home, data] = ['clone', 'home', 'data'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  execFileSync('git', ['clone', '--quiet', ROOT, clone]);
  for (const made of [home, data]) mkdirSync(made);
  const quickstart = await npmStart(clone, data, 20 * 60_000, home);
  try {
    const client = new Client(quickstart.url);
    expect((await client.get('/notes')).status).toBe(401);
    expect((await client.post('/auth/register', ADA)).status).toBe(202);
    expect((await client.post('/auth/login', ADA)).status).toBe(200);
    expect((await client.get('/auth/session')).body.user.email).toBe(ADA.email);
    expect((await client.post('/notes', { text: 'behind the gate' })).status).toBe(201);
    expect((await client.post('/auth/logout')).status).toBe(204);
    expect((await client.get('/notes')).status).toBe(401);
  } finally {
    await quickstart.stop();
    await folder.remove();
  }
});
