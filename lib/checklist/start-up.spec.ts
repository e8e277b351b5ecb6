import { randomBytes } from 'node:crypto';
import { Logger, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Clock, SystemClock } from '../common/clock.js';
import { StartUpError } from '../errors/start-up-error.js';
import type { AuthValues } from '../options/auth-options.js';
import { AuthSettings } from '../options/auth-settings.js';
import { resolveSettings } from '../options/resolve-options.js';
import { MemoryStateStore } from '../store/memory-state-store.js';
import { StateStore } from '../store/state-store.js';
import { Checklist } from './checklist.js';
import { KeyChecks } from './key.checks.js';
import { SettingsChecks } from './settings.checks.js';
import { StartUpChecklist } from './start-up.js';
import { StoreChecks } from './store.checks.js';
import { CHECK_SOURCES } from './tokens.js';

const GOOD: AuthValues = {
  secret: randomBytes(32).toString('base64url'),
  baseUrl: 'https://api.example.com',
  trustedProxyHops: 1,
  emailVerification: 'required',
};

const log = vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
const printed = (spy: typeof log | typeof warn) => spy.mock.calls.map(([line]) => String(line));

afterEach(() => {
  log.mockClear();
  warn.mockClear();
});

/** An application that runs the checklist the way that AuthModule does, and what became of it. */
async function start(values: Partial<AuthValues>, env: NodeJS.ProcessEnv = { NODE_ENV: 'production' }) {
  const settings = resolveSettings({ ...GOOD, ...values }, env);
  const seen = { hostStarted: false, closed: false, error: undefined as unknown };

  @Module({
    providers: [
      { provide: AuthSettings, useValue: settings },
      { provide: Clock, useClass: SystemClock },
      { provide: StateStore, useFactory: (clock: Clock) => new MemoryStateStore(clock), inject: [Clock] },
      KeyChecks,
      SettingsChecks,
      StoreChecks,
      {
        provide: CHECK_SOURCES,
        useFactory: (...sources: unknown[]) => sources,
        inject: [KeyChecks, SettingsChecks, StoreChecks],
      },
      Checklist,
      StartUpChecklist,
    ],
  })
  class GateModule implements OnModuleInit, OnApplicationShutdown {
    constructor(private readonly startUp: StartUpChecklist) {}

    onModuleInit(): Promise<void> {
      return this.startUp.run();
    }

    onApplicationShutdown(): void {
      seen.closed = true;
    }
  }

  @Module({ imports: [{ module: GateModule, global: true }] })
  class HostModule implements OnModuleInit {
    onModuleInit(): void {
      seen.hostStarted = true;
    }
  }

  const application = await Test.createTestingModule({ imports: [HostModule] }).compile();
  await application.init().catch((error: unknown) => (seen.error = error));
  await application.close();
  return seen;
}

describe('in production', () => {
  it('one error lists everything that refuses, before the host begins its work', async () => {
    const { error, hostStarted, closed } = await start({
      secret: 'changeme',
      baseUrl: 'http://api.example.com',
      instances: 3,
      secrets: { csrf: 'changeme' },
      checklist: { accept: { 'no.such-check': 'because' } },
    });
    expect(error).toBeInstanceOf(StartUpError);
    expect((error as StartUpError).problems.map((line) => line.split(':')[0])).toEqual([
      "checklist.accept['no.such-check']",
      'keys.strength',
      'keys.reuse',
      'network.base-url',
      'store.memory-instances',
    ]);
    expect(hostStarted).toBe(false);
    expect(closed).toBe(true);
  });

  it('a finding that is accepted starts, and its reason is printed', async () => {
    const { error, hostStarted } = await start({ checklist: { accept: { 'store.memory': 'one small service' } } });
    expect(error).toBeUndefined();
    expect(hostStarted).toBe(true);
    expect(printed(log)).toContainEqual(expect.stringMatching(/^store\.memory: .*Accepted: one small service$/));
  });

  it('each warning is printed once, on one line, with the line to change', async () => {
    const { error } = await start({ cookies: { sameSite: 'none' } });
    expect(error).toBeUndefined();
    expect(printed(warn).map((line) => line.split(':')[0])).toEqual(['cookies.same-site', 'store.memory']);
    expect(printed(warn).join()).not.toContain('\n');
    expect(printed(warn)[0]).toContain("Set cookies.sameSite to 'lax'");
    expect(printed(log).at(-1)).toMatch(/^Production checklist: \d+ of \d+ checks passed\.$/);
  });
});

describe('in development', () => {
  const env = { NODE_ENV: 'development' };

  it('one line says what production would refuse', async () => {
    const { error } = await start({ secret: 'changeme', baseUrl: 'http://localhost:3000' }, env);
    expect(error).toBeUndefined();
    expect(printed(warn)).toEqual([]);
    expect(printed(log).filter((line) => line.includes('checklist'))).toEqual([
      'In production the checklist would refuse 2 (keys.strength, network.base-url) and warn of 1.',
    ]);
  });

  it('an acceptance of a check that does not exist is refused all the same', async () => {
    const { error } = await start({ checklist: { accept: { 'no.such-check': 'because' } } }, env);
    expect(error).toBeInstanceOf(StartUpError);
  });
});

describe.each(['production', 'development', 'test'])('several instances with a memory each, in %s', (environment) => {
  it.each([{}, { accept: { 'store.memory-instances': 'sticky sessions' } }])(
    'are refused, with %j',
    async (checklist) => {
      const { error, hostStarted } = await start({ instances: 2, checklist }, { NODE_ENV: environment });
      expect(error).toBeInstanceOf(StartUpError);
      expect((error as StartUpError).message).toContain('Set redis.url');
      expect(hostStarted).toBe(false);
    },
  );
});

it('in tests it is silent', async () => {
  const { error } = await start({ secret: 'changeme' }, { NODE_ENV: 'test' });
  expect(error).toBeUndefined();
  expect([...printed(log), ...printed(warn)].filter((line) => /checklist|keys\./.test(line))).toEqual([]);
});

describe('no secret and no part of a URL but its host is shown', () => {
  const marker = (name: string) => `MARKER${name}MARKER`;
  const values: Partial<AuthValues> = {
    secret: marker('secret'),
    secrets: { csrf: marker('csrf'), seal: marker('csrf'), identifier: marker('secret') },
    baseUrl: `http://api.example.com/${marker('path')}`,
    appName: marker('name'),
    origins: [`https://${marker('origin')}.example.com`],
    redis: { url: `redis://${marker('user')}:${marker('password')}@redis.example.com/0?x=${marker('query')}` },
    instances: 2,
    cookies: { domain: 'example.com' },
    passwords: { contextWords: [marker('word')], blocklist: [marker('blocked')] },
    roles: { grants: { [marker('role')]: ['*'] } },
  };

  it('by the start-up error, the log and the report', async () => {
    const { error } = await start(values);
    const settings = resolveSettings({ ...GOOD, ...values }, { NODE_ENV: 'production' });
    const store = new MemoryStateStore(new SystemClock());
    const sources = [
      new KeyChecks(settings),
      new SettingsChecks(settings, new SystemClock()),
      new StoreChecks(settings, store),
    ];
    const report = await new Checklist(settings, sources, new SystemClock()).report();
    expect(report.counts.refuse).toBeGreaterThan(3);
    const shown = [String(error), (error as Error).stack, JSON.stringify(error), JSON.stringify(report)];
    expect([...shown, ...printed(log), ...printed(warn)].join('\n')).not.toMatch(/MARKER/i);
  });
});
