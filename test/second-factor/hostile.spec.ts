import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectCode, startPostOffice, type PostOffice } from '../passwordless/kit.js';
import { ADAPTERS } from '../support/app.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { begin, finish, liveSessionsOf, owner } from './kit.js';

const NEVER = 'x'.repeat(43);

describe.each(ADAPTERS)('POST /auth/second-factor on %s', (adapter) => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await startPostOffice({ adapter });
  });
  afterAll(() => office.close());

  it.each([
    ['nothing', {}],
    ['no proof', { challenge: NEVER }],
    ['two proofs', { challenge: NEVER, code: '1', recoveryCode: '1' }],
    ['no challenge', { code: '123456' }],
    ['a list for a challenge', { challenge: [NEVER], code: '123456' }],
    ['an object for a code', { challenge: NEVER, code: { $ne: '' } }],
    ['a number for a code', { challenge: NEVER, code: 123456 }],
    ['another delivery', { challenge: NEVER, code: '123456', deliver: 'both' }],
    ['a field that nobody knows', { challenge: NEVER, code: '123456', userId: 'me' }],
    ['a field of the prototype', JSON.parse('{"challenge":"x","code":"1","__proto__":{"a":1}}') as object],
    ['a list', []],
    ['a text', 'code'],
    ['a number', 7],
  ])('answers 400 to %s', async (_, body) => {
    const answer = await office.client().post('/auth/second-factor', body);
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('    at ');
  });

  it.each([
    ['a long challenge', 'x'.repeat(50_000)],
    ['NUL', 'a\u0000b'],
    ['what is no text of the world', '\ud800'],
    ['nothing', ''],
  ])('answers 401 to %s', async (_, challenge) => {
    expectCode(await finish(office.client(), challenge, { code: '123456' }), 401, 'CHALLENGE_EXPIRED');
  });
});

describe('while the store is gone', () => {
  let redis: PrivateRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it('nobody gets past the second factor, nor past the first', async () => {
    const office = await startPostOffice({ redisUrl: redis.url });
    const who = await owner(office);
    const browser = office.client();
    const challenge = await begin(browser, who.email);
    const before = await liveSessionsOf(office, who.id);
    await redis.stop();
    const proof = { code: who.authenticator.next() };
    for (const answer of [await finish(browser, challenge, proof), await office.client().signIn(who.email)]) {
      expectCode(answer, 503, 'STORE_UNAVAILABLE');
      expect(answer.setCookies).toEqual([]);
    }
    expect(await liveSessionsOf(office, who.id)).toEqual(before);
    await office.close();
  });
});
