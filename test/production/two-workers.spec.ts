import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, deploy, type Deployment } from './deployment.js';
import { PASSWORD, type Answer } from './https-client.js';
import { probe, type Active } from '../probe/probing.js';

const BOTH = ['worker-1', 'worker-2'];

let deployment: Deployment;

beforeAll(async () => {
  deployment = await deploy();
}, 120_000);

afterAll(() => deployment?.stop());

/** The same request to one worker after the other: the proxy takes them in turn. */
async function onBoth(call: () => Promise<Answer>): Promise<Answer[]> {
  const answers = [await call(), await call()];
  expect(answers.map(({ instance }) => instance).sort()).toEqual(BOTH);
  return answers;
}

const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status);

describe('two workers behind the proxy', () => {
  it('answer in turn', async () => {
    const client = deployment.client();
    expect(statuses(await onBoth(() => client.get('/health')))).toEqual([200, 200]);
    expect([...deployment.workers.keys()].sort()).toEqual(BOTH);
  });

  it('know one session, which one of them began', async () => {
    const ada = await deployment.signedIn('ada');
    const added = await onBoth(() => ada.post('/orders', { item: 'a hinge', quantity: 2 }));
    expect(statuses(added)).toEqual([201, 201]);
    for (const { body } of await onBoth(() => ada.get('/orders'))) expect(body.items).toHaveLength(2);
    for (const { body } of await onBoth(() => ada.get('/auth/session'))) {
      expect(body.user).toMatchObject({ email: 'ada@example.com', plan: 'standard' });
    }
  });

  it('mail a newcomer once, whichever of them has the letter, and know whoever opened the link', async () => {
    const ida = deployment.client();
    expect((await ida.register('ida@example.com')).status).toBe(202);
    await expect.poll(() => deployment.mailTo('ida@example.com').length, { timeout: 15_000 }).toBeGreaterThan(0);
    const [mail] = deployment.mailTo('ida@example.com');
    expect(mail?.links).toEqual([`${deployment.url}/verify-email#token=${mail?.token}`]);
    for (const { headers, status } of await onBoth(() => ida.get('/verify-email'))) {
      expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(headers['content-security-policy']).toMatch(/^default-src 'self';/);
    }
    expect((await ida.post('/auth/email/verify', { token: mail?.token })).status).toBe(204);
    expect((await ida.signIn('ida@example.com')).status).toBe(200);
    for (const { body } of await onBoth(() => ida.get('/auth/session'))) expect(body.user.emailVerified).toBe(true);
    expect(deployment.mailTo('ida@example.com').filter(({ subject }) => /confirm/i.test(subject))).toHaveLength(1);
  });

  it('set cookies for https and this host alone', async () => {
    const bea = await deployment.registered('bea');
    const { setCookies } = await bea.signIn('bea@example.com');
    expect(setCookies.length).toBeGreaterThan(0);
    for (const line of setCookies) expect(line).toMatch(/^__Host-[^;]+; .*Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  });

  it('both refuse a session from the moment that one of them ended it', async () => {
    const cleo = await deployment.signedIn('cleo');
    const lost = deployment.client();
    await lost.signIn('cleo@example.com');
    expect(statuses(await onBoth(() => lost.get('/orders')))).toEqual([200, 200]);

    const { body } = await cleo.get('/auth/sessions');
    const other = body.items.find(({ current }: { current: boolean }) => !current);
    expect((await cleo.delete(`/auth/sessions/${other.id}`)).status).toBe(204);
    expect(statuses(await onBoth(() => lost.get('/orders')))).toEqual([401, 401]);
    expect(statuses(await onBoth(() => cleo.get('/orders')))).toEqual([200, 200]);

    expect((await cleo.post('/auth/logout')).status).toBe(204);
    expect(statuses(await onBoth(() => cleo.get('/orders')))).toEqual([401, 401]);
  });

  it('know one pair of tokens: begun on one, refreshed on the other, ended for both', async () => {
    await deployment.registered('hana');
    const device = deployment.client();
    const password = { grant_type: 'password', username: 'hana@example.com', password: PASSWORD };
    const begun = await device.post('/auth/token', password);
    expect(begun.body).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
    const orders = (token: string) =>
      onBoth(() => device.get('/orders', { headers: { authorization: `Bearer ${token}` } }));
    expect(statuses(await orders(begun.body.access_token))).toEqual([200, 200]);

    // A client whose answer was lost asks again, and meets the other worker: the same successor, not a second one.
    const refresh = { refresh_token: begun.body.refresh_token };
    const [one, other] = await onBoth(() => device.post('/auth/token/refresh', refresh));
    expect([one?.status, other?.status]).toEqual([200, 200]);
    expect(one?.body.refresh_token).not.toBe(begun.body.refresh_token);
    expect(other?.body.refresh_token).toBe(one?.body.refresh_token);
    expect(statuses(await orders(one?.body.access_token))).toEqual([200, 200]);

    const last = { refresh_token: one?.body.refresh_token };
    const { body } = await device.post('/auth/token/refresh', last);
    expect((await device.post('/auth/token/revoke', { token: body.refresh_token })).status).toBe(200);
    expect(statuses(await orders(body.access_token))).toEqual([401, 401]);
    const refused = await onBoth(() => device.post('/auth/token/refresh', { refresh_token: body.refresh_token }));
    expect(refused.map(({ body: answer }) => answer.error)).toEqual(['invalid_grant', 'invalid_grant']);
  });

  it('count wrong passwords together, whatever address they claim', async () => {
    await deployment.registered('dora');
    const stranger = deployment.client('127.0.0.20');
    const seen = new Set<string | undefined>();
    for (let guess = 1; guess <= 5; guess += 1) {
      const claim = { 'x-forwarded-for': `203.0.113.${guess}` };
      const answer = await stranger.signIn('dora@example.com', `guess number ${guess} of five`, claim);
      expect(answer.status).toBe(401);
      seen.add(answer.instance);
    }
    expect([...seen].sort()).toEqual(BOTH);
    const locked = await onBoth(() => stranger.signIn('dora@example.com', PASSWORD));
    expect(statuses(locked)).toEqual([429, 429]);
    expect(Number(locked[0]?.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('count requests by the address that the proxy saw, not by the one that a client wrote', async () => {
    const flood = Array.from({ length: 21 }, (_, index) =>
      deployment
        .client('127.0.0.30')
        .register(`flood-${index}@example.com`, { 'x-forwarded-for': `198.51.100.${index}, 203.0.113.${index}` }),
    );
    const answers = statuses(await Promise.all(flood)).sort();
    expect(answers).toEqual([...Array.from({ length: 20 }, () => 202), 429]);
    const forged = await deployment
      .client('127.0.0.30')
      .register('forged@example.com', { 'x-forwarded-for': '127.0.0.31' });
    expect(forged.status).toBe(429);
    expect((await deployment.client('127.0.0.31').register('honest@example.com')).status).toBe(202);
  }, 90_000);

  it('show the address of the client in the list of sessions', async () => {
    const eve = await deployment.registered('eve', '127.0.0.40');
    await eve.signIn('eve@example.com', PASSWORD, {
      'x-forwarded-for': '203.0.113.7',
      forwarded: 'for=203.0.113.8',
      'x-real-ip': '203.0.113.9',
    });
    const { body } = await eve.get('/auth/sessions');
    expect(body.items.map(({ ip }: { ip: string }) => ip)).toEqual(['127.0.0.40']);
  });

  it('take a page of their own origin, and of no other', async () => {
    const finn = await deployment.signedIn('finn');
    const order = { item: 'a bell', quantity: 1 };
    expect((await finn.post('/orders', order, { headers: { origin: deployment.url } })).status).toBe(201);
    const refused = await finn.post('/orders', order, { headers: { origin: 'https://evil.example' } });
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({ code: 'CSRF_FAILED' });
  });

  it('open the list of all orders to administrators', async () => {
    const gus = await deployment.signedIn('gus');
    expect((await gus.get('/orders/all')).status).toBe(403);
    const warden = deployment.client();
    await warden.signIn(ADMIN.email, ADMIN.password);
    expect(statuses(await onBoth(() => warden.get('/orders/all')))).toEqual([200, 200]);
  });

  it('started with no refusal, no warning, and every other finding accepted with a reason', async () => {
    const warden = deployment.client();
    await warden.signIn(ADMIN.email, ADMIN.password);
    const { body } = await warden.get('/auth/admin/checklist');
    expect(body.environment).toBe('production');
    const open = body.entries.filter(
      ({ outcome }: { outcome: string }) => outcome !== 'passed' && outcome !== 'accepted',
    );
    expect(open).toEqual([]);
    expect(deployment.startOutput).not.toMatch(/WARN|ERROR/);
    expect(deployment.startOutput.match(/Production checklist: \d+ of \d+ checks passed/g)).toHaveLength(2);
  });

  // Last of all: it uses up what this address may get wrong.
  it.each<[how: string, active: Active | undefined]>([
    ['reading', undefined],
    ['active', { known: ADMIN, forgedAddresses: true }],
  ])(
    'pass the probe, %s',
    async (_how, active) => {
      const report = await probe(
        deployment.url,
        active,
        { guarded: ['/orders', '/orders/all'] },
        deployment.certificate,
      );
      const open = report.entries.filter(({ outcome }) => outcome === 'finding' || outcome === 'unchecked');
      // Nothing is known about times on a machine that is busy with other things, nor of port 80 beside a port of tests.
      const unknown = ['probe.same-time', 'probe.https-redirect'];
      expect(open.filter(({ id }) => !unknown.includes(id))).toEqual([]);
      expect(report.entries.filter(({ outcome }) => outcome === 'skipped')).toHaveLength(active === undefined ? 6 : 0);
      expect(report.requests.sent).toBe(report.requests.planned);
    },
    120_000,
  );
});
