import { afterEach, describe, expect, it } from 'vitest';
import { newSecret } from '../keys/kit.js';
import { startRedis } from '../support/redis-server.js';
import { SECRET } from '../support/app.js';
import { redisUrl } from '../support/services.js';
import { expectCode, startPostOffice, type PostOffice } from './kit.js';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function codeOf(office: PostOffice, email: string) {
  const { body } = await office.client().post('/auth/email-code/request', { email, deliver: 'tokens' });
  const { code } = await office.mail(email, 'sign-in-code');
  return { challenge: body.challenge as string, code: code!, deliver: 'tokens' };
}

describe('a mailed code, when what has been used may be forgotten', () => {
  it('begun before Redis was restarted is refused, and one begun after it works; links go on', async () => {
    const redis = await startRedis();
    undo.push(() => redis.stop());
    const office = await startPostOffice({ redisUrl: redis.url });
    undo.push(() => office.close());
    const { email } = await office.person();
    const [used, unused] = [await codeOf(office, email), await codeOf(office, email)];
    await office.client().post('/auth/magic-link/request', { email });
    const { token } = await office.mail(email, 'magic-link');
    const present = (body: object) => office.client().post('/auth/email-code', body);
    expect((await present(used)).status).toBe(200);
    office.clock.advance(1_000);
    await redis.restart();
    await expect
      .poll(async () => (await office.client().post('/auth/email-code/request', { email })).status, { timeout: 8_000 })
      .toBe(202);
    await office.deliver();
    expectCode(await present(used), 401, 'CHALLENGE_EXPIRED');
    expectCode(await present(unused), 401, 'CHALLENGE_EXPIRED');
    expect((await office.client().post('/auth/magic-link', { token })).status).toBe(200);
    expect((await present(await codeOf(office, email))).status).toBe(200);
  });
});

describe('a mailed code, when the secret changes', () => {
  it('works under a secret that is accepted, until its moment, and not under one that only opens', async () => {
    // The state store is one for all of them, as the database is.
    const redis = await redisUrl();
    const first = await startPostOffice({ database: 'postgres', redisUrl: redis });
    undo.push(() => first.close());
    const { email } = await first.person();
    const code = await codeOf(first, email);
    const next = async (use: 'all' | 'unseal', notAfterMs: number): Promise<PostOffice> => {
      const notAfter = new Date(first.clock.now() + notAfterMs).toISOString();
      const auth = { secret: newSecret(), acceptedSecrets: [{ secret: SECRET, use, notAfter }] };
      const office = await startPostOffice({
        clock: first.clock,
        databaseUrl: first.databaseUrl!,
        redisUrl: redis,
        auth,
      });
      undo.push(() => office.close());
      return office;
    };
    const present = async (office: PostOffice) => office.client().post('/auth/email-code', code);
    expectCode(await present(await next('unseal', 60_000)), 401, 'CHALLENGE_EXPIRED');
    const accepting = await next('all', 60_000);
    const expiring = await next('all', 1_000);
    first.clock.advance(1_000);
    expectCode(await present(expiring), 401, 'CHALLENGE_EXPIRED');
    expect((await present(accepting)).status).toBe(200);
  });
});
