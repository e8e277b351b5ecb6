import { Controller, Get, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Auth } from '../../lib/index.js';
import { expectCode, MINUTE_MS, startPostOffice, type PostOffice } from '../passwordless/kit.js';
import { ADAPTERS, PASSWORD } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { Authenticator, bearer, begin, enrol, finish, owner } from './kit.js';

const asked: string[] = [];

@Controller('safe')
@Auth({ methods: ['otp', 'hwk'] })
class SafeController {
  @Get()
  open(): object {
    return {};
  }

  @Post('key')
  @Auth({ fresh: true })
  key(): object {
    return {};
  }

  @Get('rare')
  @Auth({ methods: ['recovery'] })
  rare(): object {
    return {};
  }

  @Get('judged')
  @Auth({
    policy: () => {
      asked.push('policy');
      return false;
    },
  })
  judged(): object {
    return {};
  }
}

@Controller('rules')
class RulesController {
  @Get('mfa')
  @Auth({ methods: ['mfa'] })
  mfa(): object {
    return {};
  }

  @Get('mail')
  @Auth({ methods: ['email'] })
  mail(): object {
    return {};
  }

  @Get('fresh')
  @Auth({ fresh: true })
  fresh(): object {
    return {};
  }

  @Get('any')
  any(): object {
    return {};
  }
}

describe.each(ADAPTERS)('@Auth({ methods }) on %s, with tokens checked by their signature', (adapter) => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await startPostOffice({
      adapter,
      controllers: [SafeController, RulesController],
      auth: { tokens: { checking: 'signature' } },
    });
  });
  afterAll(() => office.close());

  interface Way {
    /** Calls as the one who has signed in. */
    readonly call: (method: string, path: string, body?: object) => Promise<Answer>;
    /** Takes what a renewed session answers. */
    readonly keep: (answer: Answer) => void;
    readonly browser: Client;
  }

  function byCookie(browser: Client): Way {
    return { browser, call: (method, path, body) => browser.call(method, path, { body }), keep: () => undefined };
  }

  function byToken(first: Answer): Way {
    const browser = office.client();
    let latest = first;
    return {
      browser,
      call: (method, path, body) => browser.call(method, path, { body, headers: bearer(latest) }),
      keep: (answer) => (latest = answer),
    };
  }

  /** Signed in with the password, before an authenticator: `keep` follows the enrolment. */
  async function newcomer(delivery: 'cookie' | 'bearer') {
    const { id, email } = await office.person();
    const browser = office.client();
    const deliver = delivery === 'cookie' ? {} : { deliver: 'tokens' };
    const answer = await browser.signIn(email, PASSWORD, deliver);
    return { id, email, way: delivery === 'cookie' ? byCookie(browser) : byToken(answer), answer };
  }

  /** Somebody with an authenticator whose session has not used it: a sign-in by recovery code. */
  async function recovered(delivery: 'cookie' | 'bearer') {
    const who = await owner(office);
    const browser = office.client();
    const challenge = await begin(browser, who.email, delivery === 'cookie' ? {} : { deliver: 'tokens' });
    const answer = await finish(browser, challenge, { recoveryCode: who.recoveryCodes[0] });
    expect(answer.status).toBe(200);
    return { ...who, way: delivery === 'cookie' ? byCookie(browser) : byToken(answer), answer };
  }

  it.each(['cookie', 'bearer'] as const)(
    'says what is missing, and opens after /reauthenticate (%s)',
    async (delivery) => {
      const { way, authenticator, answer: signIn } = await recovered(delivery);
      const refused = await way.call('GET', '/safe');
      expectCode(refused, 403, 'SECOND_FACTOR_REQUIRED');
      expect(refused.body.details).toEqual({ methods: ['code'] });
      expect(refused.headers.get('www-authenticate')).toBe(
        delivery === 'bearer' ? 'Bearer error="insufficient_user_authentication"' : null,
      );
      expectCode(await way.call('POST', '/auth/reauthenticate', { code: authenticator.wrong() }), 400, 'INVALID_CODE');
      expectCode(await way.call('GET', '/safe'), 403, 'SECOND_FACTOR_REQUIRED');
      const renewed = await way.call('POST', '/auth/reauthenticate', { code: authenticator.next() });
      expect(renewed.status).toBe(200);
      way.keep(renewed);
      expect((await way.call('GET', '/safe')).status).toBe(200);
      if (delivery === 'bearer') {
        // The session behind the first token is over, though its signature is good.
        const old = await office.client().get('/safe', { headers: bearer(signIn) });
        expectCode(old, 401, 'INVALID_ACCESS_TOKEN');
      }
    },
  );

  it.each(['cookie', 'bearer'] as const)(
    'asks for enrolment where the account has nothing of it (%s)',
    async (delivery) => {
      const { way } = await newcomer(delivery);
      for (const path of ['/safe', '/rules/mfa']) {
        const refused = await way.call('GET', path);
        expectCode(refused, 403, 'ENROLMENT_REQUIRED');
        expect(refused.body.details).toBeUndefined();
      }
      const enrolment = await way.call('POST', '/auth/totp/enroll', {});
      const authenticator = new Authenticator(enrolment.body.secret, office.clock);
      const confirmed = await way.call('POST', '/auth/totp/confirm', { code: authenticator.next() });
      way.keep(confirmed);
      for (const path of ['/safe', '/rules/mfa']) expect((await way.call('GET', path)).status).toBe(200);
    },
  );

  it('names what is weaker than a factor too, as far as sign-in demands no more', async () => {
    const { way } = await newcomer('cookie');
    const refused = await way.call('GET', '/rules/mail');
    expectCode(refused, 403, 'SECOND_FACTOR_REQUIRED');
    expect(refused.body.details).toEqual({ methods: ['emailCode'] });
    await enrol(office.clock, way.browser);
    // A mailed code is not enough any more to prove the identity once more.
    expectCode(await way.call('GET', '/rules/mail'), 403, 'ENROLMENT_REQUIRED');
  });

  it('enforces the rule of the class and that of the method', async () => {
    const { way, authenticator, recoveryCodes } = await recovered('cookie');
    const refused = await way.call('GET', '/safe/rare');
    expect(refused.body.details).toEqual({ methods: ['code'] });
    await way.call('POST', '/auth/reauthenticate', { code: authenticator.next() });
    expect((await way.call('GET', '/safe/rare')).status).toBe(200);
    const direct = office.client();
    const challenge = await begin(direct, (await way.call('GET', '/auth/me')).body.email);
    await finish(direct, challenge, { code: authenticator.next() });
    expect((await direct.get('/safe')).status).toBe(200);
    const rare = await direct.get('/safe/rare');
    expectCode(rare, 403, 'SECOND_FACTOR_REQUIRED');
    expect(rare.body.details).toEqual({ methods: ['recoveryCode'] });
    await direct.post('/auth/reauthenticate', { recoveryCode: recoveryCodes[1] });
    expect((await direct.get('/safe/rare')).status).toBe(200);
  });

  it('is asked after the policy and before freshness', async () => {
    const { way, authenticator } = await recovered('cookie');
    asked.length = 0;
    expectCode(await way.call('GET', '/safe/judged'), 403, 'FORBIDDEN');
    expect(asked).toEqual(['policy']);
    office.clock.advance(5 * MINUTE_MS);
    expectCode(await way.call('POST', '/safe/key'), 403, 'SECOND_FACTOR_REQUIRED');
    await way.call('POST', '/auth/reauthenticate', { code: authenticator.next() });
    expect((await way.call('POST', '/safe/key')).status).toBe(201);
    office.clock.advance(5 * MINUTE_MS);
    const stale = await way.call('POST', '/safe/key');
    expectCode(stale, 403, 'REAUTHENTICATION_REQUIRED');
    expect(stale.body.details.methods).toContain('code');
    // What was proven stays proven, for as long as the session lives.
    expect((await way.call('GET', '/safe')).status).toBe(200);
  });

  it('lives in the session: refreshing keeps it, other sessions have none of it, and it dies with it', async () => {
    const { way, authenticator, email, recoveryCodes, answer } = await recovered('bearer');
    const beside = office.client();
    await finish(beside, await begin(beside, email), { recoveryCode: recoveryCodes[1] });
    const renewed = await way.call('POST', '/auth/reauthenticate', { code: authenticator.next() });
    expectCode(await beside.get('/safe'), 403, 'SECOND_FACTOR_REQUIRED');
    const refresh = (refresh_token: string) => office.client().post('/auth/token/refresh', { refresh_token });
    expectCode(await refresh(answer.body.refresh_token), 401, 'INVALID_REFRESH_TOKEN');
    const refreshed = await refresh(renewed.body.refresh_token);
    expect(refreshed.status).toBe(200);
    way.keep(refreshed);
    expect((await way.call('GET', '/safe')).status).toBe(200);
    await way.call('POST', '/auth/logout');
    expectCode(await way.call('GET', '/safe'), 401, 'INVALID_ACCESS_TOKEN');
    expect((await way.call('GET', '/rules/any')).status).toBe(200);
  });

  it('tells a bearer client how fresh is fresh', async () => {
    const { way } = await newcomer('bearer');
    office.clock.advance(5 * MINUTE_MS);
    const stale = await way.call('GET', '/rules/fresh');
    expectCode(stale, 403, 'REAUTHENTICATION_REQUIRED');
    expect(stale.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_user_authentication", max_age="300"',
    );
    const cookie = await newcomer('cookie');
    office.clock.advance(5 * MINUTE_MS);
    expect((await cookie.way.call('GET', '/rules/fresh')).headers.get('www-authenticate')).toBeNull();
  });
});

describe('a rule that cannot be', () => {
  it.each([
    ['a name that is not known', ['totp'], 'names totp'],
    ['no name at all', [], 'is an empty list'],
    ['no list', 'otp', 'must be a list of'],
  ])('stops the start: %s', async (_, methods, said) => {
    @Controller('impossible')
    class ImpossibleController {
      @Get()
      @Auth({ methods } as never)
      get(): void {}
    }
    await expect(startPostOffice({ controllers: [ImpossibleController] })).rejects.toThrow(said);
  });
});
