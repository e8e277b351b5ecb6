import { afterEach, describe, expect, it } from 'vitest';
import { deploy, type Deployment } from './deployment.js';
import type { HttpsClient } from './https-client.js';

const ORDER = JSON.stringify({ item: 'a bell', quantity: 1 });
const BEGINNING = ORDER.slice(0, 10);
const REST = ORDER.slice(10);

let deployment: Deployment | undefined;

afterEach(async () => {
  await deployment?.stop();
  deployment = undefined;
});

function pidOf(name: string): number {
  const pid = deployment?.workers.get(name);
  if (pid === undefined) throw new Error(`there is no ${name}`);
  return pid;
}

/** An order of which a worker has read headers and half the body. */
async function halfAnOrder(client: HttpsClient) {
  const order = await client.beginPost('/orders', BEGINNING, ORDER.length);
  // Once both have answered something later, the one that it went to has read it. The next order goes to the other.
  await client.get('/health');
  await client.get('/health');
  return order;
}

describe('a worker that ends', () => {
  it('by SIGKILL leaves the other one serving, and the last one a 502', async () => {
    deployment = await deploy();
    const ada = await deployment.signedIn('ada');
    process.kill(pidOf('worker-1'), 'SIGKILL');
    await deployment.process.says(/^worker-1 has ended \(SIGKILL\)/m);
    for (let call = 0; call < 10; call += 1) {
      const { status, instance } = await ada.get('/orders');
      expect([status, instance]).toEqual([200, 'worker-2']);
    }
    expect((await ada.post('/orders', { item: 'a hinge', quantity: 1 })).status).toBe(201);

    process.kill(pidOf('worker-2'), 'SIGKILL');
    await deployment.process.says(/^worker-2 has ended \(SIGKILL\)/m);
    const refused = await ada.get('/orders');
    expect(refused).toMatchObject({
      status: 502,
      body: { statusCode: 502, error: 'Bad Gateway' },
      instance: undefined,
    });
    expect(refused.headers['retry-after']).toBe('1');
    deployment.process.kill('SIGINT');
    expect(await deployment.process.ended).toBe(0);
  }, 150_000);

  it('by SIGTERM answers what it has begun, and ends with 0', async () => {
    deployment = await deploy();
    const bea = await deployment.signedIn('bea');
    const orders = [await halfAnOrder(bea), await halfAnOrder(bea)];
    process.kill(pidOf('worker-1'), 'SIGTERM');
    // Its door closes at once: from here on every new request is for the other one.
    await expect
      .poll(async () => [(await bea.get('/health')).instance, (await bea.get('/health')).instance])
      .toEqual(['worker-2', 'worker-2']);
    const answers = await Promise.all(orders.map((order) => order.finish(REST)));
    expect(answers.map(({ status, instance }) => [status, instance]).sort()).toEqual([
      [201, 'worker-1'],
      [201, 'worker-2'],
    ]);
    await deployment.process.says(/^worker-1 has ended \(0\)/m);
    expect((await bea.get('/orders')).body.items).toHaveLength(2);
  }, 150_000);
});

describe('the whole deployment, ended by SIGTERM', () => {
  it('answers what it has begun, takes nothing new, and ends with 0', async () => {
    deployment = await deploy();
    const cleo = await deployment.signedIn('cleo');
    const orders = [await halfAnOrder(cleo), await halfAnOrder(cleo)];
    deployment.process.kill('SIGTERM');
    await expect
      .poll(() =>
        cleo.get('/health').then(
          () => 'open',
          (error: NodeJS.ErrnoException) => error.code,
        ),
      )
      .toBe('ECONNREFUSED');
    const answers = await Promise.all(orders.map((order) => order.finish(REST)));
    expect(answers.map(({ status, instance }) => [status, instance]).sort()).toEqual([
      [201, 'worker-1'],
      [201, 'worker-2'],
    ]);
    expect(await deployment.process.ended).toBe(0);
    for (const pid of deployment.workers.values()) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  }, 150_000);
});
