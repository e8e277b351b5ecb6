import { Controller, Get, Injectable, Req, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import passport, { Strategy } from 'passport';
import { afterEach, describe, expect, it } from 'vitest';
import { Principal, Sessions, StartUpError } from '../../lib/index.js';
import { ADAPTERS, type AppSetup, type TestApp } from '../support/app.js';
import { asBearer, newFamily, startTokens, type Family } from './kit.js';

const registered = (name: string): unknown =>
  (passport as unknown as { _strategy(name: string): unknown })._strategy(name);

interface Asked {
  readonly user?: unknown;
}

const shown = ({ user }: Asked): object => ({ isPrincipal: user instanceof Principal, ...(user as Principal) });

/** A controller that was there before, guarded as Nest's documentation says. */
@Controller('legacy')
class LegacyController {
  @Get()
  @UseGuards(AuthGuard('jwt'))
  read(@Req() request: Asked): object {
    return shown(request);
  }

  @Get('open')
  open(@Req() { user }: Asked): object {
    return { user: user ?? null };
  }
}

@Controller('other')
class OtherController {
  @Get()
  @UseGuards(AuthGuard('other-jwt'))
  read(@Req() request: Asked): object {
    return shown(request);
  }
}

/** A check of the application's own, which lets everybody in. */
class Lax extends Strategy {
  override authenticate(): void {
    this.success({ lax: true });
  }
}

@Injectable()
class HostJwtStrategy extends PassportStrategy(Lax, 'jwt') {
  validate(): object {
    return { lax: true };
  }
}

const running: TestApp[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
  passport.unuse('jwt');
});

async function start(setup: AppSetup): Promise<TestApp> {
  const app = await startTokens(setup);
  running.push(app);
  return app;
}

const strategy = (name: string, auth: AppSetup['auth'] = {}): AppSetup['auth'] => ({
  protect: 'marked',
  passport: { strategy: name },
  ...auth,
});

async function revoke(app: TestApp, { person }: Family): Promise<void> {
  await app.get(Sessions).revokeAll(person.userId);
}

describe.each(ADAPTERS)("AuthGuard('jwt') of @nestjs/passport on %s", (adapter) => {
  it('sees the principal as request.user, and a revocation at once', async () => {
    const app = await start({ adapter, controllers: [LegacyController], auth: strategy('jwt') });
    const family = await newFamily(app, ['editor']);
    const { status, body } = await asBearer(app, family.first.access_token, '/legacy');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      isPrincipal: true,
      userId: family.person.userId,
      via: 'bearer',
      roles: ['editor'],
      scopes: ['notes:read', 'notes:write'],
    });
    expect((await app.client().get('/legacy/open')).body).toEqual({ user: null });
    await revoke(app, family);
    expect((await asBearer(app, family.first.access_token, '/legacy')).status).toBe(401);
  });

  it('refuses what is none, and cookies', async () => {
    const app = await start({ adapter, controllers: [LegacyController], auth: strategy('jwt') });
    const { first, person } = await newFamily(app);
    const browser = app.client();
    await browser.signIn(person.email);
    expect((await browser.get('/legacy')).status).toBe(401);
    for (const token of ['', 'x', `${first.access_token}A`, first.refresh_token]) {
      expect((await asBearer(app, token, '/legacy')).status).toBe(401);
    }
    expect((await app.client().get(`/legacy?access_token=${first.access_token}`)).status).toBe(401);
  });

  it('checks as deep as tokens.checking says', async () => {
    const auth = strategy('jwt', { tokens: { checking: 'signature' } });
    const app = await start({ adapter, controllers: [LegacyController], auth });
    const family = await newFamily(app);
    await revoke(app, family);
    expect((await asBearer(app, family.first.access_token, '/legacy')).status).toBe(200);
  });
});

describe('the name of a strategy', () => {
  it('that the application has given away already stops the start, and stays what it was', async () => {
    const starting = startTokens({ providers: [HostJwtStrategy], auth: strategy('jwt') });
    await expect(starting).rejects.toThrow(StartUpError);
    await expect(starting).rejects.toThrow(/passport\.strategy: 'jwt' is registered with Passport already/);
    expect(registered('jwt')).toBeInstanceOf(Lax);
  });

  it('that another application uses stops the start, and the other one goes on', async () => {
    const app = await start({ controllers: [LegacyController], auth: strategy('jwt') });
    const { first } = await newFamily(app);
    let refused: { close(): Promise<void> } | undefined;
    const prepare = (second: { close(): Promise<void> }): void => void (refused = second);
    await expect(startTokens({ auth: strategy('jwt'), prepare })).rejects.toThrow(StartUpError);
    // An application that did not start is closed as well, as Nest does for a signal.
    await refused!.close();
    expect((await asBearer(app, first.access_token, '/legacy')).status).toBe(200);
  });

  it('of another application beside is another, with keys of its own', async () => {
    const one = await start({ controllers: [LegacyController], auth: strategy('jwt') });
    const secret = 'Zx8Qm3LvN6tRw1YpB5kHd9SgJ2cFa7UeT4oViXqKzCn';
    const two = await start({ controllers: [OtherController], auth: strategy('other-jwt', { secret }) });
    const [mine, theirs] = [await newFamily(one), await newFamily(two)];
    expect((await asBearer(one, mine.first.access_token, '/legacy')).body.userId).toBe(mine.person.userId);
    expect((await asBearer(two, theirs.first.access_token, '/other')).body.userId).toBe(theirs.person.userId);
    expect((await asBearer(one, theirs.first.access_token, '/legacy')).status).toBe(401);
    expect((await asBearer(two, mine.first.access_token, '/other')).status).toBe(401);
    await running.pop()!.close();
    expect(registered('other-jwt')).toBeUndefined();
    expect((await asBearer(one, mine.first.access_token, '/legacy')).status).toBe(200);
  });

  it('is free again when the application has ended', async () => {
    const first = await startTokens({ auth: strategy('jwt') });
    expect(registered('jwt')).toBeDefined();
    await first.close();
    expect(registered('jwt')).toBeUndefined();
    await start({ auth: strategy('jwt') });
  });

  it("that is not given leaves the application's Passport as it was", async () => {
    const names = (): string[] =>
      Object.keys((passport as unknown as { _strategies: Record<string, unknown> })._strategies).sort();
    const before = names();
    const app = await start({ providers: [HostJwtStrategy] });
    const { first } = await newFamily(app);
    expect((await asBearer(app, first.access_token)).status).toBe(200);
    expect(names()).toEqual([...before, 'jwt'].sort());
    expect(registered('jwt')).toBeInstanceOf(Lax);
  });
});
