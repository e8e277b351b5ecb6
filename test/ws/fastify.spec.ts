import { afterEach, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { begin, byToken, connect, first, follow, leaveAll, NotesResolver, startGraphql } from './graphql-kit.js';
import { browserOf, newPerson, pageHeaders, revokeAll, within, type Node } from './kit.js';

let node: Node;
afterEach(async () => {
  leaveAll();
  await node.close();
});

it('subscriptions are judged on Fastify as well, and end with their session and their roles', async () => {
  node = await startGraphql([NotesResolver], { adapter: 'fastify' });
  const [person, admin] = [await newPerson(node), await newPerson(node, ['admin'])];
  const nobody = connect(node, {});
  void first(nobody.client, '{ who }');
  expect(await within(2_000, nobody.closed)).toMatchObject({ code: 4401, reason: 'NOT_AUTHENTICATED' });

  const headers = pageHeaders(await browserOf(node, person));
  const foreign = connect(node, { headers: { ...headers, origin: 'https://evil.example' } });
  void first(foreign.client, '{ who }');
  expect(await within(2_000, foreign.closed)).toMatchObject({ code: 4403, reason: 'CSRF_FAILED' });

  const page = connect(node, { headers });
  expect(await first(page.client, '{ who }')).toEqual({ data: { who: `${person.userId} via session` } });
  expect(JSON.stringify(await first(page.client, 'subscription { secret }'))).toContain('FORBIDDEN');
  const service = await byToken(node, admin);
  const secrets = follow(service.client, 'subscription { secret }');
  await begin(secrets, 'secret');

  await revokeAll(node, person);
  expect(await within(1_000, page.closed)).toMatchObject({ code: 4401, reason: 'NOT_AUTHENTICATED' });
  await node.get(Accounts).removeRole(admin.userId, 'admin');
  expect(await within(1_000, service.closed)).toMatchObject({ code: 4403, reason: 'FORBIDDEN' });
});
