import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../../support/app.js';
import { Lab } from './lab.js';

describe.each(ADAPTERS)('The Authorization header on %s', (adapter) => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.start('ES256', { adapter });
  });

  afterAll(() => lab.app.close());

  it('names its scheme in any letters (RFC 9110 §11.1)', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) {
      expect([scheme, await lab.askRaw([`${scheme} ${lab.holder.token}`])]).toEqual([scheme, 200]);
    }
  });

  it('holds one token behind one space, and nothing else (RFC 6750 §2.1)', async () => {
    const { token } = lab.holder;
    const forms = [
      ...['Bearer', 'Bearer ', `Bearer  ${token}`, `Bearer\t${token}`, `Bearer \t${token}`, `Bearer${token}`],
      ...[`Bearer ${token} x`, `Bearer ${token},`, `Bearer ${token}, Bearer ${token}`, `Bearer x, Bearer ${token}`],
      ...[
        `Bearer ${token};`,
        `Bearer "${token}"`,
        `Bearer token="${token}"`,
        `Bearer Bearer ${token}`,
        `Bearer <${token}>`,
      ],
      ...[`Bearer ${token}=`, `Bearer ${token}==`, `Bearer ${token.replaceAll('.', '%2E')}`, `Bearer ${token}\u00A0`],
      ...[
        `Bearer:${token}`,
        `Bearer=${token}`,
        `Token ${token}`,
        `JWT ${token}`,
        `Basic ${token}`,
        token,
        `DPoP ${token}`,
      ],
      ...[`Basic YTpi, Bearer ${token}`, `Bearer ${'.'.repeat(3)}`, 'Bearer ..', 'Bearer null', 'Bearer undefined'],
    ];
    for (const form of forms) expect([form, await lab.askRaw([form])]).toEqual([form, 401]);
  });

  it('counts once: what stands in a second one is not read', async () => {
    const good = `Bearer ${lab.holder.token}`;
    for (const first of ['Bearer x', 'Bearer', 'Basic YTpi', '']) {
      expect([first, await lab.askRaw([first, good])]).toEqual([first, 401]);
    }
  });

  it('is the one place of a token: URLs end up in logs (RFC 9700 §4.3.2)', async () => {
    expect(await lab.askRaw([], `/whoami?access_token=${lab.holder.token}`)).toBe(401);
    expect(await lab.askRaw([], `/whoami?token=${lab.holder.token}`)).toBe(401);
    const { status } = await lab.app
      .client()
      .get('/whoami', { headers: { cookie: `access_token=${lab.holder.token}` } });
    expect(status).toBe(401);
  });

  it('may be of any length, and costs no more than that', async () => {
    expect(await lab.askRaw([`Bearer ${'x'.repeat(8_193)}`])).toBe(401);
    expect(await lab.askRaw([`Bearer ${'.'.repeat(12_000)}`])).toBe(401);
    expect(await lab.askRaw([`Bearer ${'x'.repeat(1_000_000)}`]).catch(() => 431)).toBe(431);
    expect((await lab.ask(lab.holder.token)).status).toBe(200);
  });
});
