import { Controller, Get } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AuthModule, Checklist, harden, Jobs, Public, type AuthValues } from '../../lib/index.js';
import { actingAs } from '../../lib/testing/index.js';
import { startApp, User, type AppSetup, type TestApp } from '../support/app.js';
import { startMailbox, type Mailbox } from '../support/mailbox.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { closeAfterEach, refusal, sqlite, startHost, type HostSetup } from './kit.js';

closeAfterEach();

const WEAK = 'marker-secret-marker-secret-marker-secret';
const GOOD = {
  environment: 'production',
  secret: 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC',
  baseUrl: 'https://api.example.com',
  trustedProxyHops: 1,
} as const satisfies Partial<AuthValues>;

/** Everything that the checklist refuses, at once. */
const BAD: AuthValues = {
  environment: 'production',
  secret: WEAK,
  secrets: { csrf: WEAK },
  baseUrl: 'http://api.example.com',
  instances: 2,
  rateLimits: { multiplier: 50 },
  passwords: { cost: 4, minLength: 8 },
  sessions: { cap: 2 },
  emailVerification: 'off',
};

const REFUSED = [
  'keys.strength',
  'keys.reuse',
  'network.base-url',
  'network.trusted-proxy-hops',
  'attempts.rate-limits',
  'store.memory-instances',
  'database.synchronize',
  'database.embedded',
  'mail.console',
  'mail.insecure-links',
  'cookies.secure',
];

/** What an acceptance stops from refusing. A memory for each of several instances is refused with and without. */
const ACCEPTABLE = REFUSED.filter((id) => id !== 'store.memory-instances');
const ACCEPTABLY_BAD: AuthValues = { ...BAD, instances: 1 };

function withValues(values: AuthValues, more: Partial<HostSetup> = {}): HostSetup {
  return { hasher: 'own', ...more, imports: [AuthModule.forRoot<User>({ userEntity: User, ...values })] };
}

function accepting(...ids: string[]): { accept: Record<string, string> } {
  return { accept: Object.fromEntries(ids.map((id) => [id, `reason of ${id}`])) };
}

/** Ids of the lines that name a check. */
function idsIn(lines: readonly string[], level = ''): string[] {
  return lines.flatMap((line) => new RegExp(`^${level}\\S* *(?:- )?([a-z]+\\.[a-z-]+):`).exec(line)?.[1] ?? []);
}

describe('a start in production', () => {
  it('is refused with everything at once, the line to change beside each, and no value of any option', async () => {
    const said = await refusal(withValues(BAD));
    expect(said).toMatch(/^Gatehouse: the production checklist refuses this start/);
    const lines = said.split('\n').slice(1);
    expect(lines.map((line) => /^ {2}- ([\w.-]+):/.exec(line)?.[1]).sort()).toEqual([...REFUSED].sort());
    for (const said of [
      'Set baseUrl',
      'trustedProxyHops: 0',
      'rateLimits.multiplier',
      'redis.url',
      'synchronize: false',
    ]) {
      expect(lines.join('\n')).toContain(said);
    }
    expect(said).not.toContain('marker');
    // Warnings stop nothing, and are not in the way of what does.
    expect(said).not.toContain('passwords.cost');
  });

  it('is refused by one thing as by many', async () => {
    const accept = accepting(...ACCEPTABLE.slice(1)).accept;
    const lines = (await refusal(withValues({ ...ACCEPTABLY_BAD, checklist: { accept } }))).split('\n').slice(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('keys.strength');
  });

  it('is refused by an acceptance of what does not exist, together with the rest', async () => {
    const said = await refusal(withValues({ ...BAD, checklist: accepting('cookies.domian') }));
    expect(said).toContain("checklist.accept['cookies.domian']");
    for (const id of REFUSED) expect(said).toContain(id);
  });

  it('works when every finding is accepted, prints each reason once, and warns once', async () => {
    const lines: string[] = [];
    const host = await startHost(
      withValues({ ...ACCEPTABLY_BAD, checklist: accepting(...ACCEPTABLE) }, { lines, database: [sqlite()] }),
    );
    const client = host.client();
    expect((await client.get('/auth/session')).status).toBe(200);
    expect((await client.register('ada@example.com')).status).toBe(202);
    expect((await client.signIn('ada@example.com')).status).toBe(200);
    expect((await client.get('/auth/me')).status).toBe(200);
    await host.get(Checklist).report();
    await host.get(Checklist).report();
    expect(
      idsIn(lines, 'log')
        .filter((id) => ACCEPTABLE.includes(id))
        .sort(),
    ).toEqual([...ACCEPTABLE].sort());
    for (const id of ACCEPTABLE) expect(lines.filter((line) => line.includes(`reason of ${id}`))).toHaveLength(1);
    // How long a cheap hash takes is the machine's to say.
    const warned = idsIn(lines, 'warn').filter((id) => id !== 'passwords.time');
    expect(warned.sort()).toEqual([
      'access.passkey-origins',
      'network.harden',
      'passwords.cost',
      'passwords.minimum',
      'store.memory',
    ]);
    expect(lines.join('\n')).not.toContain('marker');
  });

  it('outside production is not stopped, and says in one line what would be', async () => {
    const lines: string[] = [];
    await startHost(withValues({ ...ACCEPTABLY_BAD, environment: 'development' }, { lines }));
    const summary = lines.filter((line) => line.includes('In production the checklist would refuse'));
    expect(summary).toHaveLength(1);
    expect(summary[0]).toContain('keys.strength');
    expect(idsIn(lines)).toEqual([]);
  });
});

describe('a deployment that has mended every finding', () => {
  @Controller()
  class HealthController {
    @Get('health')
    @Public()
    health(): object {
      return { up: true };
    }
  }

  let redis: PrivateRedis;
  let mailbox: Mailbox;
  let databaseUrl: string;
  let app: TestApp | undefined;

  beforeAll(async () => {
    redis = await startRedis();
    mailbox = await startMailbox();
    // What migrations do.
    const first = await startApp({ database: 'postgres' });
    databaseUrl = first.databaseUrl!;
    await first.close();
  });
  afterAll(async () => {
    await mailbox.close();
    await redis.stop();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  function deploy(values: Partial<AuthValues>, logger: AppSetup['logger'] = false): Promise<TestApp> {
    return startApp({
      databaseUrl,
      redisUrl: redis.url,
      hasher: 'real',
      typeorm: { synchronize: false },
      controllers: [HealthController],
      prepare: (host) => harden(host),
      logger,
      auth: {
        ...GOOD,
        mail: mailbox.options,
        passwords: { cost: 10 },
        instances: 4,
        checklist: accepting('access.public-routes'),
        ...values,
      },
    });
  }

  it('starts without a warning, and notes what is to be known', async () => {
    const lines: string[] = [];
    const keep = (level: string) => (message: unknown) => void lines.push(`${level} ${String(message)}`);
    app = await deploy({}, { log: keep('log'), warn: keep('warn'), error: keep('error') });
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([]);
    expect(idsIn(lines, 'log').sort()).toEqual([
      'access.public-routes',
      'accounts.email-enumeration',
      'passwords.breached',
    ]);
    const report = app.get(Checklist).last()!;
    expect(report.counts).toMatchObject({ refuse: 0, warn: 0, unchecked: 0 });
  });

  it('works, with cookies for https', async () => {
    app = await deploy({});
    const client = app.client();
    expect((await client.get('/health')).status).toBe(200);
    expect((await client.register('ada@example.com')).status).toBe(202);
    const signedIn = await client.signIn('ada@example.com');
    expect(signedIn.status).toBe(200);
    for (const line of signedIn.setCookies)
      expect(line).toMatch(/^__Host-auth_\w+=.*; Path=\/; HttpOnly; Secure; SameSite=Lax/);
    expect((await client.get('/auth/me')).body.email).toBe('ada@example.com');
    await expect(actingAs(app.app, (await client.get('/auth/me')).body.id as string)).rejects.toThrow(/production/);
    // No letter stays behind that the next deployment, with another secret, could not open.
    await app.get(Jobs).run('outbox');
  });

  it.each<[string, Partial<AuthValues>]>([
    ['network.trusted-proxy-hops', { trustedProxyHops: undefined }],
    ['network.base-url', { baseUrl: 'http://api.example.com' }],
    ['keys.strength', { secret: 'a'.repeat(64) }],
    ['attempts.rate-limits', { rateLimits: { multiplier: 2 } }],
  ])('does not start with %s alone undone', async (id, values) => {
    await expect(deploy(values)).rejects.toThrow(id === 'network.trusted-proxy-hops' ? /trustedProxyHops/ : id);
  });
});
