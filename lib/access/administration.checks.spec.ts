import { Controller, Get, Post, UseGuards, type CanActivate } from '@nestjs/common';
import * as v from 'valibot';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SessionLab } from '../../test/support/session-lab.js';
import { Accounts } from '../accounts/accounts.service.js';
import type { CheckSource } from '../checklist/check.js';
import { SECOND_MS } from '../common/duration.js';
import { Clock } from '../common/clock.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { AuthSettings } from '../options/auth-settings.js';
import { SecondFactor, type FactorStanding } from '../second-factors/second-factor.js';
import { SECOND_FACTORS } from '../second-factors/tokens.js';
import { FastPasswordHasher, TestClock } from '../testing/index.js';
import { AdministrationChecks } from './administration.checks.js';
import { AdministratorRoles } from './administrator-roles.query.js';
import { Auth, OptionalAuth, Public } from './auth.decorators.js';
import { DefaultPasswordChecks } from './default-password.checks.js';
import { SecondFactorChecks } from './second-factor.checks.js';

class Own implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Controller('admin')
class Office {
  @Get('open') open(): void {}
  @Get('page') @Public() page(): void {}
  @Post('form') @Public() form(): void {}
  @Get('maybe') @OptionalAuth() maybe(): void {}
  @Get('roles') @Auth({ roles: ['admin'] }) roles(): void {}
  @Get('permissions') @Auth({ permissions: ['a:b'] }) permissions(): void {}
  @Get('scopes') @Auth({ scopes: ['a'] }) scopes(): void {}
  @Get('policy') @Auth({ policy: () => true }) policy(): void {}
  @Get('fresh') @Auth({ fresh: true }) fresh(): void {}
  @Get('own') @UseGuards(new Own()) own(): void {}
  @Get('optional-roles') @Auth({ roles: ['x'] }) @UseGuards(Own) both(): void {}
}
@Controller('api/v2/Administration')
class Deeper {
  @Get() all(): void {}
}
@Controller('admin')
@UseGuards(Own)
class Guarded {
  @Get('x') x(): void {}
}
@Controller()
class Elsewhere {
  @Get('administrators') a(): void {}
  @Get('teams/:id/admin') b(): void {}
  @Get('api/admin-tools') c(): void {}
}

class Lamp extends SecondFactor {
  override readonly kind = 'lamp';
  override readonly methods = ['otp'];
  override readonly fields = { lamp: v.string() };
  readonly holders = new Set<string>();

  override standingOf = async (userId: string): Promise<FactorStanding> =>
    this.holders.has(userId) ? 'usable' : 'none';
  override stateOf = async (): Promise<Record<string, unknown>> => ({});
  override check = async (): Promise<{ method: string }> => ({ method: 'otp' });
}

/** Hashes fast, counts, takes time, and fails when told to. */
class SlowHasher extends FastPasswordHasher {
  verified = 0;
  tookMs = 0;
  failsFor: string | undefined;

  constructor(
    settings: AuthSettings,
    private readonly clock: TestClock,
  ) {
    super(settings);
  }

  override verify(password: string, stored: string): Promise<boolean> {
    this.verified += 1;
    this.clock.advance(this.tookMs);
    if (password === this.failsFor) return Promise.reject(new Error('uncheckable'));
    return super.verify(password, stored);
  }
}

const lamp = new Lamp();

function start(auth: Parameters<typeof SessionLab.start>[0]): Promise<SessionLab> {
  return SessionLab.start(auth, {
    controllers: [Office, Deeper, Guarded, Elsewhere],
    override: (builder) =>
      builder
        .overrideProvider(SECOND_FACTORS)
        .useValue([lamp])
        .overrideProvider(PasswordHasher)
        .useFactory({
          factory: (settings: AuthSettings, clock: Clock) => new SlowHasher(settings, clock as TestClock),
          inject: [AuthSettings, Clock] as never,
        }),
  });
}

let lab: SessionLab;

const outcome = (source: new (...args: never[]) => CheckSource, id: string) =>
  lab.app
    .get(source)
    .checks()
    .find((check) => check.id === id)!
    .run();
const described = (source: new (...args: never[]) => CheckSource) =>
  lab.app
    .get(source)
    .checks()
    .map(({ run: _run, ...check }) => check);
const setRole = (userId: string, role: string) =>
  lab.app.dataSource.query('UPDATE auth_user_roles SET role = ? WHERE user_id = ?', [role, userId]);

describe('administration that is open', () => {
  beforeAll(async () => {
    lab = await start({
      roles: { default: ['root', 'member'], grants: { root: ['*'], member: ['a:*'] } },
      secondFactor: { roles: ['bos', 'member', 'root', 'x', 'nobody'] },
    });
  });
  afterAll(() => lab.close());

  it('is asked about', () => {
    expect(described(AdministrationChecks)).toEqual([
      {
        id: 'access.administration',
        title: 'Routes below /admin ask who may call them',
        area: 'access',
        severity: 'refuse',
        source: 'ASVS 5.0 V8.2.1, V8.4.2',
      },
      {
        id: 'access.default-roles',
        title: 'Nobody is an administrator from the beginning',
        area: 'access',
        severity: 'refuse',
        source: 'ASVS 5.0 V8.2.1',
      },
    ]);
    expect(described(SecondFactorChecks)).toMatchObject(
      [
        { id: 'access.admin-second-factor', area: 'access', severity: 'warn', work: 'asks', source: /V6\.3\.3/ },
        { id: 'access.second-factor-roles', area: 'access', severity: 'warn', work: 'asks', source: 'ASVS 5.0 V6.3.3' },
      ].map((each) => ({ ...each, source: expect.stringContaining('ASVS 5.0 V6.3.3') })),
    );
    expect(described(DefaultPasswordChecks)).toEqual([
      {
        id: 'accounts.default-password',
        title: 'No administrator has a default password',
        area: 'accounts',
        severity: 'refuse',
        source: 'ASVS 5.0 V6.3.2, V13.3.1',
        work: 'acts',
      },
    ]);
  });

  it('is named, route by route', () => {
    expect(outcome(AdministrationChecks, 'access.administration')).toEqual({
      status: 'finding',
      evidence: {
        count: 5,
        routes: ['Office.open', 'Office.form', 'Office.maybe', 'Office.fresh', 'Deeper.all'],
      },
      change: expect.stringMatching(/^Put @Auth\(\{ roles: \['admin'\] \}\)/),
    });
  });

  it('is had by everybody through default roles', () => {
    expect(lab.app.get(AdministratorRoles).roles).toEqual(['admin', 'root']);
    expect(outcome(AdministrationChecks, 'access.default-roles')).toEqual({
      status: 'finding',
      evidence: { option: 'roles.default', powerful: 1 },
      change: expect.stringMatching(/^Take 'admin', and roles that grant '\*', out of roles\.default/),
    });
  });

  it('has roles for second factors that nobody knows', async () => {
    const check = () => outcome(SecondFactorChecks, 'access.second-factor-roles');
    expect(await check()).toEqual({
      status: 'finding',
      evidence: { option: 'secondFactor.roles', unknown: 2 },
      change: 'Correct secondFactor.roles: no rule, no option and no user has a role of that name.',
    });
    const userId = await lab.person('bos');
    expect(await check()).toMatchObject({ evidence: { unknown: 1 } });
    await setRole(userId, 'nobody');
    await lab.person('bos');
    expect(await check()).toEqual({ status: 'passed' });
  });

  it('asks for factors of administrators whom the option leaves out', async () => {
    const check = () => outcome(SecondFactorChecks, 'access.admin-second-factor');
    expect(await check()).toEqual({ status: 'passed' });
    const [, other] = [await lab.person('root'), await lab.person('admin')];
    expect(await check()).toEqual({
      status: 'finding',
      evidence: { option: 'secondFactor', administrators: 1, without: 1 },
      change: expect.stringContaining("secondFactor: { roles: ['admin'] }"),
    });
    lamp.holders.add(other);
    expect(await check()).toEqual({ status: 'passed' });
  });

  it('finds holders of roles, each once, and no more than asked for', async () => {
    const roles = lab.app.get(AdministratorRoles);
    const userId = await lab.person('one', 'two');
    expect(await roles.holdersOf(['one', 'two'], 9)).toEqual([userId]);
    await lab.person('one');
    expect(await roles.holdersOf(['one'], 9)).toHaveLength(2);
    expect(await roles.holdersOf(['one'], 1)).toHaveLength(1);
    expect(await roles.holdersOf(['three'], 9)).toEqual([]);
  });
});

describe('administration that is closed', () => {
  beforeAll(async () => {
    lab = await SessionLab.start({ secondFactor: 'required' });
  });
  afterAll(() => lab.close());

  it('is passed', async () => {
    expect(outcome(AdministrationChecks, 'access.administration')).toEqual({ status: 'passed' });
    expect(outcome(AdministrationChecks, 'access.default-roles')).toEqual({ status: 'passed' });
    await lab.person('admin');
    expect(await outcome(SecondFactorChecks, 'access.admin-second-factor')).toEqual({ status: 'passed' });
    expect(await outcome(SecondFactorChecks, 'access.second-factor-roles')).toEqual({ status: 'passed' });
  });
});

describe('default passwords of administrators', () => {
  let hasher: SlowHasher;

  beforeAll(async () => {
    lab = await start({});
    hasher = lab.app.get(PasswordHasher) as SlowHasher;
  });
  afterAll(() => lab.close());
  beforeEach(() => {
    hasher.verified = 0;
    hasher.tookMs = 0;
    hasher.failsFor = undefined;
  });

  const look = () => outcome(DefaultPasswordChecks, 'accounts.default-password');
  const shipWith = async (userId: string, password: string): Promise<void> => {
    const hash = await hasher.hash(password);
    await lab.app.dataSource.query('UPDATE users SET password_hash = ? WHERE id = ?', [hash, userId]);
  };

  it('are looked for in all of them, once', async () => {
    expect(await look()).toEqual({ status: 'passed' });
    await lab.person('writer');
    const [first, second] = [await lab.person('admin'), await lab.person('admin')];
    expect(await look()).toEqual({ status: 'passed', evidence: { administrators: 2, found: 0 } });
    expect(hasher.verified).toBe(12);
    expect(await look()).toEqual({ status: 'passed', evidence: { administrators: 2, found: 0 } });
    expect(hasher.verified).toBe(12);
    for (const password of ['admin', 'administrator', 'password', 'changeme', 'admin123', '123456']) {
      await shipWith(first, password);
      expect(await look()).toEqual({
        status: 'finding',
        evidence: { administrators: 2, found: 1 },
        change: expect.stringMatching(
          /^Give these administrators passwords of their own, with `gatehouse create-admin`/,
        ),
      });
    }
    await shipWith(second, 'admin');
    expect(await look()).toMatchObject({ evidence: { administrators: 2, found: 2 } });
    for (const userId of [first, second])
      await lab.app.get(Accounts).setPassword(userId, 'a good long password of mine');
    await lab.app.dataSource.query('UPDATE users SET password_hash = NULL WHERE id = ?', [second]);
    expect(await look()).toEqual({ status: 'passed', evidence: { administrators: 2, found: 0 } });
  });

  it('are not looked for when there is no time, which is said, and the next time goes on', async () => {
    await lab.person('admin');
    await lab.person('admin');
    hasher.tookMs = SECOND_MS / 2 + 1;
    expect(await look()).toEqual({
      status: 'unchecked',
      reason: '1 of 4 administrators were not looked at: there are many, or time was over; ask again',
    });
    expect(hasher.verified).toBe(6);
    expect(await look()).toMatchObject({ status: 'passed' });
  });

  it('are looked for up to the very end of the time', async () => {
    await lab.person('admin');
    await lab.person('admin');
    hasher.tookMs = SECOND_MS / 2;
    expect(await look()).toMatchObject({ status: 'passed' });
    expect(hasher.verified).toBe(12);
  });

  it('cannot be looked for in a hash that cannot be checked', async () => {
    await lab.person('admin');
    hasher.failsFor = 'changeme';
    expect(await look()).toMatchObject({ status: 'unchecked', reason: expect.stringMatching(/^1 of 7 /) });
    hasher.failsFor = undefined;
    expect(await look()).toMatchObject({ status: 'passed' });
  });

  it('are looked for in 25 at most', async () => {
    for (let index = 0; index < 20; index += 1) await lab.person('admin');
    expect(await look()).toMatchObject({ status: 'unchecked', reason: expect.stringMatching(/^1 of 26 /) });
  });
});
