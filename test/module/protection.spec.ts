import { Controller, Get } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { AuthModule, type AuthStructure } from '../../lib/index.js';
import { ADAPTERS, PASSWORD, User } from '../support/app.js';
import { closeAfterEach, NotesController, refusal, startHost, VALUES, type Host } from './kit.js';

closeAfterEach();

@Controller('metrics')
class MetricsController {
  @Get()
  read(): object {
    return { requests: 1 };
  }
}

async function statusOf(host: Host, ...paths: string[]): Promise<number[]> {
  const answers = await Promise.all(paths.map((path) => host.client().get(path)));
  return answers.map(({ status }) => status);
}

describe.each(ADAPTERS)('what is protected on %s', (adapter) => {
  const start = (structure: Partial<AuthStructure<User>> = {}): Promise<Host> =>
    startHost({
      adapter,
      imports: [AuthModule.forRoot<User>({ userEntity: User, ...structure, ...VALUES })],
      controllers: [NotesController, MetricsController],
    });
  const ROUTES = ['/notes/marked', '/notes/plain', '/notes/open', '/metrics'];

  it('is everything but what says it is public', async () => {
    expect(await statusOf(await start(), ...ROUTES)).toEqual([401, 401, 200, 401]);
    expect(await statusOf(await start({ protect: 'all' }), ...ROUTES)).toEqual([401, 401, 200, 401]);
  });

  it("is what is marked alone, with protect: 'marked'", async () => {
    expect(await statusOf(await start({ protect: 'marked' }), ...ROUTES)).toEqual([401, 200, 200, 200]);
  });

  it.each([
    ['class', MetricsController],
    ['name', 'MetricsController'],
  ])('leaves out publicControllers by %s, and no other', async (_, controller) => {
    const host = await start({ publicControllers: [controller] });
    expect(await statusOf(host, ...ROUTES)).toEqual([401, 401, 200, 200]);
  });

  it('includes what @Auth() marks in a public controller, and our own routes', async () => {
    const host = await start({ publicControllers: [NotesController, 'SessionListController', 'AccountsController'] });
    expect(await statusOf(host, ...ROUTES, '/auth/me', '/auth/sessions')).toEqual([401, 200, 200, 401, 401, 401]);
  });

  it('is found below the path, and there alone', async () => {
    const host = await start({ path: '/account/v1' });
    expect(await statusOf(host, '/account/v1/session', '/account/v1/me', '/auth/session', '/session')).toEqual([
      200, 401, 404, 404,
    ]);
    const client = host.client();
    const ada = { email: 'ada@example.com', password: PASSWORD };
    expect((await client.post('/account/v1/register', ada)).status).toBe(202);
    expect((await client.post('/account/v1/login', ada)).status).toBe(200);
    expect((await client.get('/notes/marked')).status).toBe(200);
    expect((await client.get('/account/v1/sessions')).body.items).toHaveLength(1);
  });
});

describe('a controller that is said to be public and does not exist', () => {
  it('does not open anything', async () => {
    const structure = { userEntity: User, publicControllers: ['NotesControler'], ...VALUES };
    const setup = { imports: [AuthModule.forRoot<User>(structure)], controllers: [NotesController] };
    const said = await refusal(setup);
    if (said === '') expect(await statusOf(await startHost(setup), '/notes/plain')).toEqual([401]);
    else expect(said).toContain('NotesControler');
  });
});
