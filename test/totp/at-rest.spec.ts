import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TotpCredentials } from '../../lib/features/totp/totp-credentials.service.js';
import { TotpCredential } from '../../lib/features/totp/totp-credential.entity.js';
import { LoginSession } from '../../lib/sessions/login-session.entity.js';
import { RecoveryCode } from '../../lib/second-factors/recovery-code.entity.js';
import { SECRET } from '../support/app.js';
import { expectCode, finish, startVault, type Guarded, type Vault } from './kit.js';

const NEW_SECRET = 'Zk3vW9pLq7XyT1mRb5NcD8hJs2GfUe6A0iVoBxKtQwE';

let log: string[];
let vault: Vault;
let owner: Guarded;

function logger() {
  const write = (...parts: unknown[]): void => void log.push(parts.map(String).join(' '));
  return { log: write, warn: write, error: write, debug: write, verbose: write };
}

beforeAll(async () => {
  log = [];
  vault = await startVault({ database: 'postgres', logger: logger(), typeorm: { logging: false } });
  owner = await vault.guarded();
});
afterAll(() => vault.close());

/** One whose first code has not come yet. */
async function begun(): Promise<{ readonly userId: string; readonly sessionId: string; readonly secret: string }> {
  const { email, id: userId } = await vault.person();
  const browser = vault.client();
  await browser.signIn(email);
  const { secret } = (await browser.post('/auth/totp/enroll', {})).body;
  const { id: sessionId } = await vault.dataSource.getRepository(LoginSession).findOneByOrFail({ userId });
  return { userId, sessionId, secret };
}

it('neither secret nor recovery codes stand in any table or line of the log', async () => {
  const { browser, challenge } = await vault.halfway(owner.email);
  const { secret: pending } = await begun();
  await finish(browser, challenge, { recoveryCode: owner.recoveryCodes[0] });
  await vault.deliver();
  const manager = vault.dataSource.manager;
  const tables = await Promise.all(
    vault.dataSource.entityMetadatas.map(({ tableName }) => manager.query(`SELECT * FROM "${tableName}"`)),
  );
  const kept = JSON.stringify([tables, log, vault.mailbox.all().map(({ text, html }) => text + html)]);
  for (const code of [owner.secret, pending, ...owner.recoveryCodes]) {
    for (const form of [code, code.replaceAll('-', ''), code.toLowerCase()]) expect(kept).not.toContain(form);
  }
  for (const secret of [owner.secret, pending]) {
    expect(kept).not.toContain(Buffer.from(secret).toString('base64').slice(0, 30));
  }
});

it('the sealed secret opens in its own row alone', async () => {
  const thief = await vault.guarded();
  const rows = vault.dataSource.getRepository(TotpCredential);
  const stolen = await rows.findOneByOrFail({ userId: owner.id });
  const own = await rows.findOneByOrFail({ userId: thief.id });
  await rows.update({ id: own.id }, { sealed: stolen.sealed });
  const { browser, challenge } = await vault.halfway(thief.email);
  // No verdict, and so no guess either.
  expectCode(await finish(browser, challenge, { code: owner.code() }), 503, 'STORE_UNAVAILABLE');
  await rows.update({ id: own.id }, { sealed: own.sealed });
  expect((await finish(browser, challenge, { code: thief.code() })).status).toBe(200);
});

it('a hash of a recovery code is of one account', async () => {
  const other = await vault.guarded();
  const rows = vault.dataSource.getRepository(RecoveryCode);
  const recoveryCode = owner.recoveryCodes[5]!;
  const value = `gatehouse/recovery-code/v1\0${owner.id}\0${recoveryCode.replaceAll('-', '')}`;
  const hash = createHash('sha256').update(value).digest('base64url');
  expect((await rows.update({ userId: owner.id, hash }, { userId: other.id })).affected).toBe(1);
  const { browser, challenge } = await vault.halfway(other.email);
  expectCode(await finish(browser, challenge, { recoveryCode }), 400, 'INVALID_CODE');
});

it('an accepted secret opens what it has sealed, and recovery codes need none', async () => {
  const waiting = await begun();
  const rotated = await startVault({
    databaseUrl: vault.databaseUrl!,
    clock: vault.clock,
    auth: { secret: NEW_SECRET, acceptedSecrets: [{ secret: SECRET, use: 'unseal' }] },
  });
  try {
    // Sessions end with the secret that is no more; what waits for its first code opens, for the one that began it alone.
    const { userId, sessionId, secret } = waiting;
    const credentials = rotated.get(TotpCredentials);
    expect(await credentials.pendingOf(userId, sessionId)).toMatchObject({ secret });
    expect(await credentials.pendingOf(userId, owner.id)).toBeUndefined();
    rotated.nextStep();
    const first = await rotated.halfway(owner.email);
    expect((await finish(first.browser, first.challenge, { code: owner.code() })).status).toBe(200);
    const second = await rotated.halfway(owner.email);
    const [, , recoveryCode] = owner.recoveryCodes;
    expect((await finish(second.browser, second.challenge, { recoveryCode })).status).toBe(200);
  } finally {
    await rotated.close();
  }
  const forgotten = startVault({ databaseUrl: vault.databaseUrl!, auth: { secret: NEW_SECRET } });
  await expect(forgotten).rejects.toThrow(/auth_totp\.sealed: \d+ sealed by a secret that is not configured/);
});
