import { Controller, Get, Injectable } from '@nestjs/common';
import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { Auth } from '../../lib/index.js';
import { ProofOfPresence, type PresenceVerdict, type PresenceWorth } from '../../lib/access/proof-of-presence.js';
import { PRESENCE_PROOFS } from '../../lib/access/tokens.js';
import { reauthentication } from '../../lib/features/reauthentication/reauthentication.feature.js';
import { expectCode, MINUTE_MS, startPostOffice, type PostOffice } from '../passwordless/kit.js';
import { PASSWORD } from '../support/app.js';
import { redisUrl } from '../support/services.js';

@Controller('vault')
class VaultController {
  @Get()
  @Auth({ fresh: true })
  open(): object {
    return {};
  }

  @Get('door')
  @Auth()
  look(): object {
    return {};
  }
}

const open: PostOffice[] = [];
afterEach(async () => {
  for (const office of open.splice(0).reverse()) await office.close();
});

async function start(setup: Parameters<typeof startPostOffice>[0]): Promise<PostOffice> {
  const office = await startPostOffice({ ...setup, controllers: [VaultController] });
  open.push(office);
  return office;
}

describe.each(['session', 'signature'] as const)('a fresh route on two nodes, tokens checked by %s', (checking) => {
  it('opens for the new access token alone', async () => {
    const redis = await redisUrl();
    const auth = { tokens: { checking }, instances: 2 };
    const one = await start({ database: 'postgres', redisUrl: redis, auth });
    const shared = { databaseUrl: one.databaseUrl!, redisUrl: redis, clock: one.clock, auth };
    const other = await start({ ...shared, adapter: 'fastify' });
    const { email } = await one.person();
    const old = (await one.client().signIn(email, PASSWORD, { deliver: 'tokens' })).body;
    const get = (office: PostOffice, path: string, { access_token }: { access_token: string }) =>
      office.client().get(path, { headers: { authorization: `Bearer ${access_token}` } });
    one.clock.advance(5 * MINUTE_MS);
    for (const office of [one, other]) {
      expect((await get(office, '/vault/door', old)).status).toBe(200);
      expectCode(await get(office, '/vault', old), 403, 'REAUTHENTICATION_REQUIRED');
    }
    const headers = { authorization: `Bearer ${old.access_token}` };
    const renewed = await other.client().post('/auth/reauthenticate', { password: PASSWORD }, { headers });
    expect(renewed.status).toBe(200);
    for (const office of [one, other]) {
      expect((await get(office, '/vault', renewed.body)).status).toBe(200);
      expectCode(await get(office, '/vault', old), 401, 'INVALID_ACCESS_TOKEN');
      expectCode(await get(office, '/auth/me', old), 401, 'INVALID_ACCESS_TOKEN');
      // What is decided by the signature alone goes on until the token expires.
      expect((await get(office, '/vault/door', old)).status).toBe(checking === 'signature' ? 200 : 401);
    }
    // A refresh makes nothing fresher.
    one.clock.advance(5 * MINUTE_MS);
    const { refresh_token } = renewed.body;
    const refreshed = await one.client().post('/auth/token/refresh', { refresh_token });
    expectCode(await get(other, '/vault', refreshed.body), 403, 'REAUTHENTICATION_REQUIRED');
  });
});

/** A second factor as a later feature would bring it. */
@Injectable()
class Gesture extends ProofOfPresence {
  override readonly kind = 'gesture';
  override readonly methods = ['user'];
  override readonly fields = { gesture: v.picklist(['wave', 'nod']) };
  worth: PresenceWorth = 'none';

  override worthTo(): PresenceWorth {
    return this.worth;
  }
  override check({ fields }: { fields: Readonly<Record<string, unknown>> }): Promise<PresenceVerdict> {
    return Promise.resolve(fields['gesture'] === 'wave' ? { method: 'user' } : { refusal: 'INVALID_CODE' });
  }
}

describe('a proof that another feature brings', () => {
  it('is offered and taken, and what sign-in demands leaves nothing weaker', async () => {
    const gesture = new Gesture();
    const office = await start({
      override: (builder) =>
        builder.overrideProvider(PRESENCE_PROOFS).useFactory({
          factory: (...proofs: ProofOfPresence[]) => [...proofs, gesture],
          inject: [...(reauthentication.proofs ?? [])],
        }),
    });
    const { email } = await office.person();
    const browser = office.client();
    await browser.signIn(email);
    const methods = async () => {
      office.clock.advance(5 * MINUTE_MS);
      return (await browser.get('/vault')).body.details.methods as string[];
    };
    const reauthenticate = (body: object) => browser.post('/auth/reauthenticate', body);
    expect(await methods()).toEqual(['password', 'emailCode']);
    gesture.worth = 'enough';
    expect(await methods()).toEqual(['password', 'emailCode', 'gesture']);
    expect((await reauthenticate({ password: PASSWORD })).status).toBe(200);
    gesture.worth = 'demanded';
    expect(await methods()).toEqual(['gesture']);
    const weak = await reauthenticate({ password: PASSWORD });
    expectCode(weak, 403, 'REAUTHENTICATION_REQUIRED');
    expect(weak.body.details).toEqual({ methods: ['gesture'] });
    expectCode(await reauthenticate({ gesture: 'bow' }), 400, 'VALIDATION_FAILED');
    expectCode(await reauthenticate({ gesture: 'nod' }), 400, 'INVALID_CODE');
    expect((await reauthenticate({ gesture: 'wave' })).status).toBe(200);
    expect((await browser.get('/vault')).status).toBe(200);
    expect((await browser.get('/auth/session')).body.methods).toEqual(['pwd', 'user']);
  });
});
