import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { Controller, Get, Injectable, Post, RequestMethod, VersioningType } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import {
  Accounts,
  Auth,
  AuthContext,
  AuthModule,
  CurrentPrincipal,
  OptionalAuth,
  Principal,
  Public,
} from '../../lib/index.js';
import { actingAs, type ActingHeaders } from '../../lib/testing/index.js';
import { ADAPTERS, User, type Adapter } from '../support/app.js';
import { closeAfterEach, startHost, VALUES, type Host, type HostSetup } from './kit.js';

closeAfterEach();

const PEOPLE = 30;
const ROUNDS = 8;

/** A service of the host that no request is handed to. */
@Injectable()
class Audit {
  constructor(
    private readonly context: AuthContext,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** Who it is before, between and after everything that lets other requests run. */
  async who(): Promise<string[]> {
    const seen = [await this.now()];
    await delay(seen.length % 3);
    seen.push(await this.now());
    await this.dataSource.query('SELECT 1');
    seen.push(...(await Promise.all([this.now(), setImmediate().then(() => this.now())])));
    await new Promise<void>((resolve) => process.nextTick(() => resolve()));
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
    seen.push(await this.now());
    return [...new Set(seen)];
  }

  async must(): Promise<string> {
    return (await this.context.require()).userId;
  }

  private async now(): Promise<string> {
    return (await this.context.principal())?.userId ?? 'nobody';
  }
}

@Controller('who')
class WhoController {
  constructor(private readonly audit: Audit) {}

  @Get()
  @Auth()
  async guarded(@CurrentPrincipal() { userId }: Principal): Promise<object> {
    return { userId, seen: await this.audit.who() };
  }

  @Post()
  @Auth()
  async written(@CurrentPrincipal() { userId }: Principal): Promise<object> {
    return { userId, seen: await this.audit.who() };
  }

  @Get('optional')
  @OptionalAuth()
  async optional(@CurrentPrincipal() who: Principal | undefined): Promise<object> {
    return { userId: who?.userId ?? 'nobody', seen: await this.audit.who() };
  }

  @Get('public')
  @Public()
  async open(): Promise<object> {
    return { seen: await this.audit.who() };
  }

  @Get('must')
  @Public()
  must(): Promise<string> {
    return this.audit.must();
  }
}

function start(adapter: Adapter, more: Partial<HostSetup> = {}, context = true): Promise<Host> {
  return startHost({
    adapter,
    imports: [AuthModule.forRoot<User>({ userEntity: User, ...VALUES, context, rateLimits: { multiplier: 1_000 } })],
    controllers: [WhoController],
    providers: [Audit],
    ...more,
  });
}

interface Person {
  readonly userId: string;
  readonly headers: ActingHeaders;
}

async function people(host: Host, count: number): Promise<Person[]> {
  const made: Person[] = [];
  for (let index = 0; index < count; index += 1) {
    const user = await host.get(Accounts).create({ email: `person${index}@example.com` });
    made.push({ userId: user!.id, headers: await actingAs(host.app, user!) });
  }
  return made;
}

describe.each(ADAPTERS)('AuthContext on %s', (adapter) => {
  it(`shows each of ${PEOPLE} requests at once its own principal alone, again and again`, async () => {
    const host = await start(adapter);
    const everybody = await people(host, PEOPLE);
    for (let round = 0; round < ROUNDS; round += 1) {
      const answers = await Promise.all(
        everybody.map(({ headers }, index) =>
          index % 3 === 0
            ? host.client().post('/who', {}, { headers: { ...headers } })
            : host.client().get(index % 3 === 1 ? '/who' : '/who/optional', { headers: { ...headers } }),
        ),
      );
      const expected = everybody.map(({ userId }) => ({ userId, seen: [userId] }));
      expect(answers.map(({ body }) => body)).toEqual(expected);
    }
  });

  it('shows visitors nobody, while others are signed in', async () => {
    const host = await start(adapter);
    const [ada] = (await people(host, 1)) as [Person];
    const ask = (path: string, headers?: ActingHeaders) =>
      host.client().get(path, headers && { headers: { ...headers } });
    const [signedIn, anonymous, open, forged] = await Promise.all([
      ask('/who', ada.headers),
      ask('/who/optional'),
      ask('/who/public', ada.headers),
      ask('/who/optional', { ...ada.headers, cookie: ada.headers.cookie.replace(/.$/, '') }),
    ]);
    expect(signedIn.body).toEqual({ userId: ada.userId, seen: [ada.userId] });
    expect(anonymous.body).toEqual({ userId: 'nobody', seen: ['nobody'] });
    expect(open.body).toEqual({ seen: ['nobody'] });
    expect(forged.body).toEqual({ userId: 'nobody', seen: ['nobody'] });
    expect((await ask('/who/must', ada.headers)).status).toBe(401);
  });

  it('works below a global prefix, on what is excluded from it, and on every version', async () => {
    const host = await start(adapter, {
      prepare: (app) => {
        app.setGlobalPrefix('api', { exclude: [{ path: 'who', method: RequestMethod.GET }, 'who/optional'] });
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    });
    const [ada] = (await people(host, 1)) as [Person];
    const headers = { ...ada.headers };
    const expected = { userId: ada.userId, seen: [ada.userId] };
    expect((await host.client().get('/v1/who', { headers })).body).toEqual(expected);
    expect((await host.client().get('/v1/who/optional', { headers })).body).toEqual(expected);
    expect((await host.client().post('/api/v1/who', {}, { headers })).body).toEqual(expected);
  });

  it('knows nobody outside a request, and says what is missing without `context: true`', async () => {
    const host = await start(adapter);
    expect(await host.get(AuthContext).principal()).toBeUndefined();
    await host.app.close();
    const without = await start(adapter, {}, false);
    await expect(without.get(AuthContext).principal()).rejects.toThrow(/context: true/);
  });
});
