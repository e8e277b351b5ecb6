import { describe, expect, it } from 'vitest';
import { HashPace } from './hash-pace.js';

/** A machine whose time passes with the work alone: 1,000 iterations a millisecond. */
class Machine extends HashPace {
  private time = 0;
  private load = 1;

  /** Everything takes as many times as long. */
  under(load: number): this {
    this.load = load;
    return this;
  }

  protected override now(): number {
    return this.time;
  }

  protected override burn(iterations: number): Promise<void> {
    this.time += (iterations / 1_000) * this.load;
    return Promise.resolve();
  }

  hash(parameters: string, ms: number): Promise<void> {
    return this.timed(parameters, () => this.burn(ms * 1_000));
  }

  async check(parameters: string, ms: number): Promise<number> {
    const begun = this.time;
    await this.hash(parameters, ms);
    await this.fill(parameters);
    return this.time - begun;
  }
}

async function started(): Promise<Machine> {
  const machine = new Machine('current');
  await machine.hash('current', 60);
  return machine;
}

describe('HashPace', () => {
  it('fills a shorter hash up to the current one, and that with nothing', async () => {
    const machine = await started();
    expect(await machine.check('short', 10)).toBeCloseTo(60);
    expect(await machine.check('current', 60)).toBeCloseTo(60);
  });

  it('stretches with the load as a hash does', async () => {
    const machine = await started();
    await machine.check('short', 10);
    machine.under(3);
    expect(await machine.check('current', 60)).toBeCloseTo(180);
    expect(await machine.check('short', 10)).toBeCloseTo(180);
  });

  it('goes by the shortest time of each, so that a start under load mends', async () => {
    const machine = new Machine('current').under(4);
    await machine.hash('current', 60);
    machine.under(1);
    await machine.check('current', 60);
    expect(await machine.check('short', 10)).toBeCloseTo(22.5);
    expect(await machine.check('short', 10)).toBeCloseTo(60);
    const fair = await started();
    fair.under(4);
    await fair.check('short', 10);
    fair.under(1);
    expect(await fair.check('short', 10)).toBeCloseTo(60);
  });

  it('fills up to a longer one once it has been seen three times', async () => {
    const machine = await started();
    for (let count = 0; count < 2; count++) await machine.check('long', 200);
    expect(await machine.check('current', 60)).toBeCloseTo(60);
    await machine.check('long', 200);
    expect(await machine.check('current', 60)).toBeCloseTo(200);
    expect(await machine.check('short', 10)).toBeCloseTo(200);
    expect(await machine.check('long', 200)).toBeCloseTo(200);
  });

  it('computes for as long, on a real machine', async () => {
    const pace = new HashPace('current');
    await pace.timed('current', () => new Promise((resolve) => setTimeout(resolve, 60)));
    const begun = performance.now();
    await pace.fill('never seen');
    expect(performance.now() - begun).toBeGreaterThan(20);
  });
});
