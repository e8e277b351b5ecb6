import { describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { SECRET } from '../support/app.js';
import { newPlace, PLACES, start } from '../passwords/kit.js';

const NEXT = 'a-second-secret-for-the-next-years-0123456789-abcdef';
const ADA = 'ada@example.com';
const EVE = 'eve@example.com';

describe.each(PLACES)('an account that is deleted after the secret was changed, on $database', (stack) => {
  it('leaves none of the requests that named its address, of then or of now', async () => {
    const place = await newPlace(stack.database);
    const agent = 'Marker/1.0';
    const auth = { jobs: 'manual', emailVerification: 'optional' } as const;
    const before = await start({ ...stack, ...place, auth });
    const { id } = (await before.get(Accounts).create({ email: ADA, emailVerified: true }))!;
    const ask = async (app: typeof before, email: string): Promise<void> => {
      for (const path of ['password/forgot', 'magic-link/request', 'email/verify/request']) {
        const options = { headers: { 'user-agent': agent } };
        expect((await app.client().post(`/auth/${path}`, { email }, options)).status).toBe(202);
      }
    };
    await ask(before, ADA);
    await ask(before, EVE);
    await before.close();
    for (const use of ['all', 'unseal'] as const) {
      const after = await start({
        ...stack,
        ...place,
        typeorm: { ...place.typeorm, synchronize: false },
        auth: { ...auth, secret: NEXT, acceptedSecrets: [{ secret: SECRET, use }] },
      });
      const rowsOf = async (): Promise<number> => {
        const rows = await after.dataSource.query(`SELECT 1 FROM auth_audit WHERE user_agent = '${agent}'`);
        return rows.length as number;
      };
      if (use === 'all') {
        await ask(after, ADA);
        expect(await rowsOf()).toBe(9);
        await after.get(Accounts).delete(id);
        // Those of somebody else stay.
        expect(await rowsOf()).toBe(3);
        await after.get(Accounts).create({ email: EVE });
      } else {
        const [{ id: eve }] = await after.dataSource.query(`SELECT id FROM users`);
        await after.get(Accounts).delete(eve);
        expect(await rowsOf()).toBe(0);
      }
      await after.close();
    }
  });
});
