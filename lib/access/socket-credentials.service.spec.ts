import type { ExecutionContext, Type } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { principalOf } from '../../test/support/principals.js';
import { SessionLab } from '../../test/support/session-lab.js';
import { Principal } from '../common/principal.js';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../common/duration.js';
import { ApiKeys } from '../features/api-keys/api-keys.service.js';
import { AddressGate } from '../ip-rules/address-gate.js';
import { IpRule } from '../ip-rules/ip-rule.entity.js';
import { AuthMetrics, type MetricLabels } from '../events/auth-metrics.js';
import { Sessions } from '../sessions/sessions.service.js';
import type { LiveSession } from '../sessions/live-session.js';
import type { LoginSession } from '../sessions/login-session.entity.js';
import { SessionCookie } from '../sessions/session-cookie.js';
import { AccessTokens } from '../tokens/access-tokens.service.js';
import { AddressCheck } from './address-check.js';
import { callSiteOfRequest, callSiteOfSocket, type CallSite } from './call-site.js';
import { combineRules } from './compiled-rule.js';
import type { AuthRule } from './auth-rule.js';
import type { HandshakeRule } from './handshake-rules.js';
import { SocketCredentials, type SocketGrip } from './socket-credentials.service.js';
import { joined, type Standing } from './socket-standing.js';

class Chat {}
class News {}

class Counter extends AuthMetrics {
  readonly counted: [string, MetricLabels][] = [];

  override count(name: string, labels: MetricLabels): void {
    if (name === 'auth_address_refusals') this.counted.push([name, labels]);
  }
}

const counter = new Counter();
let lab: SessionLab;
let credentials: SocketCredentials;
let userId: string;
let session: LoginSession;

beforeAll(async () => {
  lab = await SessionLab.start(
    {
      secondFactor: { roles: ['boss'] },
      sessions: { idle: '20m' },
      ipRules: { exempt: ['/health'] },
      tokens: { scopes: { notes: 'everyone', drafts: ['writer'] }, accessTtl: '5m' },
    },
    { override: (builder) => builder.overrideProvider(AuthMetrics).useValue(counter) },
  );
  credentials = lab.app.get(SocketCredentials);
});
afterAll(() => lab.close());

beforeEach(async () => {
  userId = await lab.person('writer');
  session = await lab.open(userId);
});

function handshake(mode: HandshakeRule['mode'], ...parts: AuthRule[]): HandshakeRule {
  const stance = { mode: 'required', duringEnrolment: false, duringImpersonation: false } as const;
  return {
    mode,
    parts: parts.map((rule, index) => ({
      gateway: (index === 0 ? Chat : News) as Type,
      rule: combineRules(
        { ...stance, rules: [rule] },
        rule.policy === undefined ? [] : [rule.policy as (who: Principal, context: ExecutionContext) => boolean],
        false,
      ),
    })),
    duringEnrolment: false,
  };
}

const contextOf = (gateway: Type) => ({ getClass: () => gateway }) as unknown as ExecutionContext;
const socket = (headers: Record<string, string> = {}) =>
  callSiteOfSocket({ handshake: { headers, socket: { remoteAddress: '192.0.2.7' } } });
const cookie = (of = session) => ({ cookie: `auth_session=${lab.app.get(SessionCookie).write(of)}` });
const admit = (site: CallSite, rule: HandshakeRule) => credentials.admit(site, rule, contextOf);

async function token(of: LoginSession, scopes: readonly string[] = ['notes', 'drafts']): Promise<string> {
  const subject = { ...of, sessionId: of.id, sessionExpiresAt: of.expiresAt, roles: ['writer'], emailVerified: false };
  return (await lab.app.get(AccessTokens).sign(subject, scopes)).token;
}
const authorization = (text: string) => ({ authorization: `Bearer ${text}` });
const BAD = authorization('x');

describe('who opens a socket', () => {
  it('is nobody where nothing is looked at', async () => {
    expect(await admit(socket(BAD), handshake('open'))).toEqual({ principal: undefined, grip: undefined });
  });

  it('is the user of the session, for as long as that lives', async () => {
    const { principal, grip } = await admit(socket(cookie()), handshake('required'));
    expect(principal).toMatchObject({ userId, via: 'session', sessionId: session.id });
    expect(grip).toEqual({
      userId,
      sid: session.sid,
      via: 'session',
      scopes: undefined,
      endsAt: Number.POSITIVE_INFINITY,
    });
  });

  it('is the user of the token, for as long as that lives', async () => {
    const tokens = await lab.open(userId, { scopes: ['notes', 'drafts'] });
    const { principal, grip } = await admit(socket(authorization(await token(tokens))), handshake('required'));
    expect(principal).toMatchObject({ userId, via: 'bearer', scopes: ['notes', 'drafts'] });
    const endsAt = Math.floor(lab.clock.now() / SECOND_MS) * SECOND_MS + 5 * MINUTE_MS;
    expect(grip).toEqual({ userId, sid: tokens.sid, via: 'bearer', scopes: ['notes', 'drafts'], endsAt });
  });

  it('is the owner of the key, until it ends', async () => {
    const expiresAt = new Date(lab.clock.now() + 9 * DAY_MS);
    const { key, id } = await lab.app.get(ApiKeys).create(userId, { name: 'k', scopes: ['notes'], expiresAt });
    const { principal, grip } = await admit(socket({ 'x-api-key': key }), handshake('required'));
    expect(principal).toMatchObject({ userId, via: 'api-key', sessionId: id });
    expect(grip).toEqual({ userId, sid: id, via: 'api-key', scopes: undefined, endsAt: expiresAt.getTime() });
    expect(await credentials.holderOf(grip!)).toMatchObject({ via: 'api-key', sessionId: id });
    await lab.app.get(ApiKeys).revoke(userId, id);
    expect(await credentials.holderOf(grip!)).toBeUndefined();
  });

  it('is nobody who is let in, unless a rule asks for somebody', async () => {
    const nobody = { principal: undefined, grip: undefined };
    expect(await admit(socket(), handshake('optional', { roles: ['x'] }))).toEqual(nobody);
    expect(await admit(socket(), handshake('known'))).toEqual(nobody);
    await expect(admit(socket(), handshake('required'))).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
  });

  it('is refused with a wrong credential, unless it is only to be known', async () => {
    for (const mode of ['required', 'optional'] as const) {
      await expect(admit(socket(BAD), handshake(mode))).rejects.toMatchObject({ code: 'INVALID_ACCESS_TOKEN' });
    }
    expect(await admit(socket(BAD), handshake('known'))).toEqual({ principal: undefined, grip: undefined });
  });

  it('is told from page to page by the session, whatever the option says', async () => {
    const tokens = await lab.open(userId, { scopes: ['notes'] });
    const text = await token(tokens);
    await lab.app.get(Sessions).revoke(userId, tokens.id);
    await expect(admit(socket(authorization(text)), handshake('required'))).rejects.toMatchObject({
      code: 'INVALID_ACCESS_TOKEN',
    });
  });

  it('meets the rules of all gateways, policies with the gateway’s own context, and proofs last', async () => {
    const asked: string[] = [];
    const policy = (_who: Principal, context: ExecutionContext) => asked.push(context.getClass().name) > 0;
    await admit(socket(cookie()), handshake('required', { policy }, { roles: ['writer'], policy }));
    expect(asked).toEqual(['Chat', 'News']);
    const refused = (...parts: AuthRule[]) => expect(admit(socket(cookie()), handshake('required', ...parts))).rejects;
    await refused({}, { roles: ['x'] }).toMatchObject({ code: 'FORBIDDEN' });
    await refused({ policy: () => false }).toMatchObject({ code: 'FORBIDDEN' });
    await refused({ methods: ['otp'] }).toMatchObject({ code: expect.stringMatching(/ENROLMENT|SECOND_FACTOR/) });
    lab.clock.advance(10 * MINUTE_MS);
    await refused({ fresh: true }).toMatchObject({ code: 'REAUTHENTICATION_REQUIRED' });
    expect((await admit(socket(cookie()), handshake('known', { fresh: true }))).principal).toBeDefined();
  });

  it('is refused who still has to set up a factor, unless something behind is open to that', async () => {
    const boss = await lab.open(await lab.person('boss'));
    const open = (rule: HandshakeRule) => admit(socket(cookie(boss)), rule);
    await expect(open(handshake('optional'))).rejects.toMatchObject({ code: expect.stringMatching(/ENROLMENT/) });
    expect((await open({ ...handshake('required'), duringEnrolment: true })).principal).toBeDefined();
    expect((await open(handshake('known'))).principal).toBeDefined();
  });
});

describe('a socket that is open', () => {
  const grip = (more: Partial<SocketGrip> = {}): SocketGrip => ({
    userId,
    sid: session.sid,
    via: 'session',
    scopes: undefined,
    endsAt: Number.POSITIVE_INFINITY,
    ...more,
  });
  const terms = (rule = handshake('required'), standing?: Standing) => ({ rule, standing });
  const holder = async () => (await credentials.holderOf(grip())) as LiveSession;

  it('asks for its session without any activity of that', async () => {
    lab.clock.advance(2 * MINUTE_MS);
    expect(await credentials.holderOf(grip())).toMatchObject({ id: session.id });
    expect((await lab.row(session.id)).lastSeenAt).toBe(session.lastSeenAt);
  });

  it.each([
    ['session', 'NOT_AUTHENTICATED'],
    ['bearer', 'INVALID_ACCESS_TOKEN'],
    ['api-key', 'INVALID_API_KEY'],
  ] as const)('is over when that of %s is', (via, code) => {
    const now = lab.clock.now();
    expect(credentials.objection(grip({ via }), undefined, terms())).toMatchObject({ code });
    expect(credentials.expiry(grip({ via, endsAt: now }))).toMatchObject({ code });
    expect(credentials.expiry(grip({ via, endsAt: now + 1 }))).toBeUndefined();
  });

  it('goes on while it meets what can be said without asking anybody', async () => {
    const rule = handshake('required', { roles: ['writer'], fresh: true, policy: () => false });
    expect(credentials.objection(grip(), await holder(), terms(rule))).toBeUndefined();
    const others = handshake('required', { roles: ['reader'] });
    expect(credentials.objection(grip(), await holder(), terms(others))).toMatchObject({ code: 'FORBIDDEN' });
    const proof = handshake('required', { methods: ['otp'] });
    expect(credentials.objection(grip(), await holder(), terms(proof))).toMatchObject({
      code: 'SECOND_FACTOR_REQUIRED',
    });
  });

  it('ends for who has a factor to set up since, unless it is only known', async () => {
    const live = { ...(await holder()), roles: ['boss'] };
    expect(credentials.objection(grip(), live, terms())).toMatchObject({ code: 'ENROLMENT_REQUIRED' });
    expect(credentials.objection(grip(), live, terms(handshake('known')))).toBeUndefined();
  });

  it('ends when it has lost something', async () => {
    const standing = joined(undefined, principalOf({ roles: ['writer'], methods: [] }));
    const live = await holder();
    expect(credentials.objection(grip(), live, terms(handshake('known'), standing))).toBeUndefined();
    const demoted = { ...live, roles: [] };
    expect(credentials.objection(grip(), demoted, terms(handshake('known'), standing))).toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it('has of its scopes what the roles still allow', async () => {
    const scopes = ['notes', 'drafts'];
    const rule = terms(handshake('required', { scopes: ['drafts'] }));
    const live = await holder();
    expect(credentials.objection(grip({ via: 'bearer', scopes }), live, rule)).toBeUndefined();
    const demoted = { ...live, roles: [] };
    expect(credentials.objection(grip({ via: 'bearer', scopes }), demoted, rule)).toMatchObject({ code: 'FORBIDDEN' });
    expect(credentials.objection(grip(), demoted, rule)).toBeUndefined();
  });

  it('is judged by the key as it is now', () => {
    const key = principalOf({ via: 'api-key', roles: ['boss'] });
    expect(credentials.objection(grip({ via: 'api-key' }), key, terms())).toBeUndefined();
    const rule = handshake('required', { roles: ['writer'] });
    expect(credentials.objection(grip({ via: 'api-key' }), key, terms(rule))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('takes a new token of somebody who still meets the rule', async () => {
    const tokens = await lab.open(userId, { scopes: ['notes', 'drafts'] });
    const text = await token(tokens);
    const renewed = await credentials.renew(text, handshake('required', { roles: ['writer'], fresh: true }));
    expect(renewed).toMatchObject({ principal: { userId, via: 'bearer' }, grip: { sid: tokens.sid, via: 'bearer' } });
    await expect(credentials.renew('x', handshake('known'))).rejects.toMatchObject({ code: 'INVALID_ACCESS_TOKEN' });
    await expect(credentials.renew(text, handshake('required', { roles: ['x'] }))).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it('hears of changes of sessions, until it listens no more', async () => {
    const heard: string[] = [];
    const end = credentials.onChange((id) => heard.push(id));
    await lab.app.get(Sessions).revokeAll(userId);
    end();
    await lab.app.get(Sessions).revokeAll(userId);
    expect(heard).toEqual([userId]);
  });
});

describe('an address that rules keep out', () => {
  const check = () => lab.app.get(AddressCheck);
  const from = (address: string, more: object = {}) =>
    callSiteOfRequest({ headers: {}, socket: { remoteAddress: address }, ...more });
  const blocked = (site: CallSite) => expect(check().require(site)).rejects.toMatchObject({ code: 'ADDRESS_BLOCKED' });

  beforeAll(async () => {
    const row = { id: '0190a0a0-0000-7000-8000-000000000001', network: '192.0.2.66', action: 'block', note: null };
    await lab.app.dataSource.manager.insert(IpRule, { ...row, action: 'block', createdAt: 1, expiresAt: null });
    await lab.app.get(AddressGate).renew();
  });
  beforeEach(() => {
    counter.counted.length = 0;
  });

  it('is refused and counted, wherever the address is found', async () => {
    expect(check().isOpen()).toBe(false);
    await blocked(from('192.0.2.66'));
    await blocked(callSiteOfRequest({ headers: {}, raw: { socket: { remoteAddress: '192.0.2.66' }, headers: {} } }));
    await blocked(
      callSiteOfSocket({ handshake: { headers: {} }, request: { socket: { remoteAddress: '192.0.2.66' } } }),
    );
    await check().require(from('192.0.2.7'));
    await check().require(callSiteOfSocket({ handshake: { headers: {} } }));
    await check().require(callSiteOfSocket({}));
    expect(counter.counted).toEqual([
      ['auth_address_refusals', { transport: 'http' }],
      ['auth_address_refusals', { transport: 'http' }],
      ['auth_address_refusals', { transport: 'ws' }],
    ]);
  });

  it('is refused a socket before anything is read', async () => {
    const site = callSiteOfSocket({ handshake: { headers: BAD, socket: { remoteAddress: '192.0.2.66' } } });
    await expect(admit(site, handshake('open'))).rejects.toMatchObject({ code: 'ADDRESS_BLOCKED' });
  });

  it('is asked of no message of a broker', async () => {
    for (const transport of ['rpc', 'other'] as const) await check().require({ ...from('192.0.2.66'), transport });
  });

  it('is let in on an exempt path that is spelled as it was sent', async () => {
    const path = (url?: unknown, originalUrl: unknown = url) => from('192.0.2.66', { url, originalUrl });
    await check().require(path('/health'));
    await check().require(path('/health?x=1', '/health?x=2'));
    for (const site of [
      path('/health/'),
      path('/x?/health'),
      path('/health', '/api/health'),
      path(undefined),
      path(7),
    ]) {
      await blocked(site);
    }
    await blocked({ ...path('/health'), transport: 'graphql' });
  });
});
