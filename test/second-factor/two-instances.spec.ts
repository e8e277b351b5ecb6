import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectCode, startPostOffice, tally, type PostOffice } from '../passwordless/kit.js';
import { PASSWORD } from '../support/app.js';
import { redisUrl } from '../support/services.js';
import { bearer, begin, enrol, finish, liveSessionsOf, owner, type Owner } from './kit.js';

describe('a second factor on two instances over PostgreSQL and Redis', () => {
  let one: PostOffice;
  let other: PostOffice;
  beforeAll(async () => {
    const redis = await redisUrl();
    const auth = { instances: 2 };
    one = await startPostOffice({ database: 'postgres', redisUrl: redis, auth });
    const shared = { databaseUrl: one.databaseUrl!, redisUrl: redis, clock: one.clock, auth };
    other = await startPostOffice({ ...shared, adapter: 'fastify' });
  });
  afterAll(async () => {
    await other.close();
    await one.close();
  });

  /** Browsers of one person, each talking to its own instance, that hold the same cookies. */
  async function waiting(who: Owner) {
    const here = one.client();
    const challenge = await begin(here, who.email);
    const there = other.client();
    for (const [name, value] of here.cookies) there.cookies.set(name, value);
    return { challenge, here, there };
  }

  it('is asked for on the other from the moment of its confirmation, and whatever was open there is over', async () => {
    const { email } = await one.person();
    const there = other.client();
    await there.signIn(email);
    const tokens = await other.client().signIn(email, PASSWORD, { deliver: 'tokens' });
    expect((await there.get('/auth/me')).status).toBe(200);
    const here = one.client();
    await here.signIn(email);
    const { authenticator } = await enrol(one.clock, here);
    expectCode(await there.get('/auth/me'), 401, 'NOT_AUTHENTICATED');
    expectCode(await other.client().get('/auth/me', { headers: bearer(tokens) }), 401, 'INVALID_ACCESS_TOKEN');
    const refresh = { refresh_token: tokens.body.refresh_token };
    expectCode(await other.client().post('/auth/token/refresh', refresh), 401, 'INVALID_REFRESH_TOKEN');
    const challenge = await begin(there, email);
    expect((await finish(there, challenge, { code: authenticator.next() })).status).toBe(200);
  });

  it('finishes on one what has begun on the other, once', async () => {
    const who = await owner(one);
    const { challenge, here, there } = await waiting(who);
    const before = await liveSessionsOf(one, who.id);
    const code = who.authenticator.next();
    const proofs = [{ code }, ...who.recoveryCodes.map((recoveryCode) => ({ recoveryCode }))];
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        finish(index % 2 === 0 ? here : there, challenge, proofs[index % proofs.length]!),
      ),
    );
    expect(tally(answers)['ok']).toBe(1);
    expect(await liveSessionsOf(one, who.id)).toHaveLength(before.length + 1);
  });

  it('takes a code once, on whichever', async () => {
    const who = await owner(one);
    const waits = [];
    for (let count = 0; count < 6; count += 1) waits.push(await waiting(who));
    const code = who.authenticator.next();
    const answers = await Promise.all(
      waits.map(({ challenge, here, there }, index) => finish(index % 2 === 0 ? here : there, challenge, { code })),
    );
    expect(tally(answers)['ok']).toBe(1);
    const last = await waiting(who);
    expectCode(await finish(last.there, last.challenge, { code }), 400, 'INVALID_CODE');
    expectCode(await who.browser.post('/auth/reauthenticate', { code }), 400, 'INVALID_CODE');
  });

  it('ends the sessions of the other when it is removed, and asks nobody any more', async () => {
    const who = await owner(one);
    const there = other.client();
    await finish(there, await begin(there, who.email), { code: who.authenticator.next() });
    expect((await there.get('/auth/me')).status).toBe(200);
    const { challenge } = await waiting(who);
    expect((await who.browser.post('/auth/totp/disable', {})).status).toBe(200);
    expectCode(await there.get('/auth/me'), 401, 'NOT_AUTHENTICATED');
    expectCode(await finish(there, challenge, { code: who.authenticator.next() }), 401, 'CHALLENGE_EXPIRED');
    expect((await other.client().signIn(who.email)).body.status).toBe('signed_in');
  });
});
