import * as v from 'valibot';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LAB_CLIENT, SessionLab } from '../../test/support/session-lab.js';
import { Accounts } from '../accounts/accounts.service.js';
import { MINUTE_MS } from '../common/duration.js';
import { AuthMetrics, type MetricLabels } from '../events/auth-metrics.js';
import { AuthHooks, type BeforeSignIn } from '../hooks/auth-hooks.js';
import { SecondFactor, type FactorStanding } from '../second-factors/second-factor.js';
import { SECOND_FACTORS } from '../second-factors/tokens.js';
import { SignIn, type CompletedSignIn, type SignInProof } from './sign-in.service.js';

/** A factor that every account has while it is told so. */
class Lamp extends SecondFactor {
  override readonly kind = 'lamp';
  override readonly methods = ['otp'];
  override readonly fields = { lamp: v.string() };
  standing: FactorStanding = 'none';

  override standingOf = async (): Promise<FactorStanding> => this.standing;
  override stateOf = async (): Promise<Record<string, unknown>> => ({});
  override check = async (): Promise<{ method: string }> => ({ method: 'otp' });
}

class Hooks extends AuthHooks {
  readonly asked: BeforeSignIn[] = [];
  answer: boolean | undefined = undefined;

  override beforeSignIn(signIn: BeforeSignIn): boolean | void {
    this.asked.push(signIn);
    return this.answer;
  }
}

class Times extends AuthMetrics {
  readonly taken: MetricLabels[] = [];

  override time(name: string, _ms: number, labels: MetricLabels): void {
    if (name === 'auth_sign_in') this.taken.push(labels);
  }
}

const lamp = new Lamp();
const hooks = new Hooks();
const times = new Times();

function start(emailVerification: 'off' | 'required'): Promise<SessionLab> {
  return SessionLab.start(
    { emailVerification, tokens: { scopes: { notes: 'everyone', admin: ['admin'] } } },
    {
      override: (builder) =>
        builder
          .overrideProvider(SECOND_FACTORS)
          .useValue([lamp])
          .overrideProvider(AuthHooks)
          .useValue(hooks)
          .overrideProvider(AuthMetrics)
          .useValue(times),
    },
  );
}

let lab: SessionLab;
let userId: string;

beforeEach(async () => {
  lamp.standing = 'none';
  hooks.answer = undefined;
  hooks.asked.length = 0;
  times.taken.length = 0;
  if (lab === undefined) return;
  userId = await lab.person();
  await lab.events();
  await lab.letters();
});

const proofOf = (more: Partial<SignInProof> = {}): SignInProof => ({
  userId,
  epoch: 0,
  method: 'pwd',
  rememberMe: false,
  deliver: 'cookie',
  client: LAB_CLIENT,
  locale: 'en',
  knownDevice: undefined,
  ...more,
});

const complete = (more: Partial<SignInProof> = {}) => lab.app.get(SignIn).complete(proofOf(more));
const session = async (more: Partial<SignInProof> = {}) => ((await complete(more)) as CompletedSignIn).session;
const FAILED = { outcome: 'failure', actorId: null, sessionId: null, address: LAB_CLIENT.address };

describe('a sign-in', () => {
  beforeAll(async () => {
    lab = await start('off');
    userId = await lab.person();
  });
  afterAll(() => lab.close());

  it('begins a session by what was proven, and is told and timed', async () => {
    const done = (await complete({ rememberMe: true })) as CompletedSignIn;
    expect(done.user).toMatchObject({ id: userId, emailVerified: false, roles: [] });
    expect(await lab.row(done.session.id)).toMatchObject({
      userId,
      methods: ['pwd'],
      remember: true,
      scopes: null,
      ip: LAB_CLIENT.address,
    });
    expect(await lab.events()).toEqual([
      {
        type: 'sign_in.succeeded',
        outcome: 'success',
        actorId: userId,
        impersonatorId: null,
        subjectId: userId,
        sessionId: done.session.id,
        identifier: null,
        address: LAB_CLIENT.address,
        userAgent: LAB_CLIENT.userAgent,
        details: { method: 'pwd', knownBrowser: false, delivery: 'cookie' },
      },
    ]);
    expect(times.taken).toEqual([{ method: 'pwd', outcome: 'success' }]);
    expect(hooks.asked).toEqual([{ userId, method: 'pwd', ...LAB_CLIENT }]);
  });

  it('tells the owner of a browser that nobody knows, but of the first one', async () => {
    await complete();
    expect(await lab.letters()).toEqual([]);
    await complete({ knownDevice: 'd1' });
    expect(await lab.letters()).toEqual([]);
    const [, known] = await lab.events();
    expect(known).toMatchObject({ details: { knownBrowser: true } });
    const { email } = (await lab.app.get(Accounts).find(userId))!;
    await complete({ locale: 'de' });
    expect(await lab.letters()).toEqual([
      {
        kind: 'new-device',
        userId,
        address: email,
        locale: 'de',
        at: lab.clock.now(),
        data: { address: LAB_CLIENT.address, device: 'Unknown device' },
      },
    ]);
  });

  it('says how many sessions it has displaced', async () => {
    for (let index = 0; index < 101; index += 1) await lab.open(userId);
    await lab.events();
    await complete();
    expect(await lab.events()).toMatchObject([{ details: { displaced: 1 } }]);
  });

  it('grants scopes for tokens alone', async () => {
    expect(await session({ deliver: 'tokens' })).toMatchObject({ scopes: ['notes'], generation: 0 });
    expect(await session({ deliver: 'tokens', scope: 'notes admin' })).toMatchObject({ scopes: ['notes'] });
    await expect(complete({ deliver: 'tokens', scope: 'admin' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await session({ scope: 'admin' })).toMatchObject({ scopes: null });
    userId = await lab.person('admin');
    expect(await session({ deliver: 'tokens' })).toMatchObject({ scopes: ['notes', 'admin'] });
  });

  it('is as fresh as a proof that is handed on', async () => {
    const proven = { methods: ['pwd', 'otp', 'mfa'], authenticatedAt: lab.clock.now() - MINUTE_MS, freshUntil: 3 };
    const handed = await session({ proven, method: 'pwd' });
    expect(handed).toMatchObject({ ...proven, methods: ['pwd', 'otp', 'mfa'] });
    expect(await session({ freshUntil: 7 })).toMatchObject({ freshUntil: 7 });
  });

  it('is none, told and timed, for whoever is gone', async () => {
    await lab.app.get(Accounts).delete(userId);
    await lab.events();
    await expect(complete()).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
    expect(await lab.events()).toMatchObject([
      { ...FAILED, type: 'sign_in.failed', subjectId: userId, details: { method: 'pwd', reason: 'account' } },
    ]);
    expect(hooks.asked).toEqual([]);
    expect(times.taken).toEqual([{ method: 'pwd', outcome: 'failure' }]);
  });

  it.each([{ disabledAt: 3 }, { epoch: 1 }])(
    'is none, and told, for an account that has changed: %o',
    async (change) => {
      await lab.open(userId);
      await lab.alterAccount(userId, change);
      await expect(complete()).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
      expect(await lab.events()).toMatchObject([
        { ...FAILED, type: 'sign_in.failed', subjectId: userId, details: { method: 'pwd', reason: 'account' } },
      ]);
    },
  );

  it('is none, and told, after a veto, and no proof is used up for it', async () => {
    hooks.answer = false;
    const redeem = () => Promise.reject(new Error('used up'));
    await expect(complete({ redeem })).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
    expect(await lab.events()).toMatchObject([
      { ...FAILED, type: 'sign_in.refused', subjectId: userId, details: { method: 'pwd' } },
    ]);
    hooks.answer = true;
    expect(await session()).toBeDefined();
  });

  it('is of the epoch that a proof by mail has led to, and shows the user as of then', async () => {
    const redeem = async (): Promise<number> => {
      await lab.app.get(Accounts).markEmailVerified(userId);
      return (await lab.account(userId))?.epoch ?? 0;
    };
    const done = (await complete({ redeem, method: 'email', epoch: 99 })) as CompletedSignIn;
    expect(done.user.emailVerified).toBe(true);
    expect(done.session).toMatchObject({ epoch: 0, methods: ['email'] });
  });

  it('shows the user as he was where no address is proven by it', async () => {
    const hook = async (): Promise<void> => lab.app.get(Accounts).markEmailVerified(userId);
    const { user } = (await complete({ redeem: undefined, replaces: undefined })) as CompletedSignIn;
    await hook();
    expect(user.emailVerified).toBe(false);
  });

  it('forgets the failures of the budget that it came through', async () => {
    const { store } = lab;
    const budget = {
      kind: 'lockout',
      limit: 1,
      windowMs: 99,
      lockMs: 99,
      maxLockMs: 99,
      roundsRememberedMs: 99,
    } as const;
    const key = `gh:attempt:passwordByAccount:i:${userId}`;
    await store.attemptBegin(key, budget);
    await store.attemptEnd(key, budget, 'wrong');
    expect(await store.attemptBegin(key, budget)).toMatchObject({ allowed: false });
    await complete();
    expect(await store.attemptBegin(key, budget)).toMatchObject({ allowed: false });
    await complete({ budget: key });
    expect(await store.attemptBegin(key, budget)).toMatchObject({ allowed: true });
  });

  it('ends the session that the browser held until then', async () => {
    const before = await lab.open(userId);
    await complete({ replaces: { userId, sid: before.sid } });
    expect((await lab.row(before.id)).revokedAt).toBe(lab.clock.now());
    const ended = (await lab.events()).find(({ type }) => type === 'session.ended');
    expect(ended).toMatchObject({
      actorId: userId,
      subjectId: userId,
      sessionId: before.id,
      address: LAB_CLIENT.address,
      details: { reason: 'replaced' },
    });
  });

  it('ends the session of somebody else that the browser held, and that of the administrator behind it', async () => {
    const [other, admin] = [await lab.person(), await lab.person('admin')];
    const origin = await lab.open(admin);
    const before = await lab.open(other);
    await lab.alter(before.id, { impersonatorId: admin, impersonatorSessionId: origin.id });
    await complete({ replaces: { userId: other, sid: before.sid } });
    expect((await lab.row(before.id)).revokedAt).not.toBeNull();
    expect((await lab.row(origin.id)).revokedAt).not.toBeNull();
  });

  describe('that has a second factor', () => {
    beforeEach(() => {
      lamp.standing = 'demanding';
    });

    it('waits for it with all that it needs, and begins no session', async () => {
      const more = { rememberMe: true, knownDevice: 'd1', scope: 'notes', deliver: 'tokens', budget: 'gh:x' } as const;
      expect(await complete(more)).toEqual({
        pending: { userId, epoch: 0, methods: ['pwd'], ...more },
        methods: ['lamp'],
      });
      expect(await lab.events()).toEqual([
        {
          type: 'sign_in.second_factor_due',
          outcome: 'success',
          actorId: null,
          impersonatorId: null,
          subjectId: userId,
          sessionId: null,
          identifier: null,
          address: LAB_CLIENT.address,
          userAgent: LAB_CLIENT.userAgent,
          details: { method: 'pwd', delivery: 'tokens' },
        },
      ]);
      const rows = await lab.app.dataSource.query('SELECT 1 FROM auth_sessions WHERE user_id = ?', [userId]);
      expect(rows).toEqual([]);
    });

    it('waits with the epoch that a proof by mail has led to', async () => {
      expect(await complete({ redeem: async () => 7 })).toMatchObject({ pending: { epoch: 7 } });
    });

    it('begins one when both are proven', async () => {
      expect((await session({ passed: ['pwd'], method: 'otp' })).methods).toEqual(['pwd', 'otp', 'mfa']);
      expect((await session({ passed: ['mfa'], method: 'swk' })).methods).toEqual(['swk', 'mfa']);
    });

    it('waits for whoever has proven the same thing twice', async () => {
      expect(await complete({ passed: ['pwd'] })).toMatchObject({ pending: { methods: ['pwd'] } });
    });
  });
});

describe('an address that must be proven', () => {
  beforeAll(async () => {
    lab = await start('required');
    userId = await lab.person();
  });
  afterAll(() => lab.close());

  it('keeps its account out until then', async () => {
    await expect(complete()).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
    expect(await lab.events()).toMatchObject([{ type: 'sign_in.failed', details: { reason: 'account' } }]);
    expect(hooks.asked).toEqual([]);
    await lab.app.get(Accounts).markEmailVerified(userId);
    expect(await session()).toBeDefined();
  });

  it('is proven by what came by mail', async () => {
    const redeem = async (): Promise<number> => 0;
    expect(await session({ redeem })).toBeDefined();
  });
});
