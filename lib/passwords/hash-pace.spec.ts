import { describe, expect, it } from 'vitest';
import { HashPace } from './hash-pace.js';

const CURRENT_MS = 60;

/** A machine whose time passes with the work alone. */
class Machine extends HashPace {
  private time = 0;
  private load = 1;

  constructor() {
    super((share) => this.spend(share * CURRENT_MS).then(() => share));
  }

  /** Everything takes as many times as long. */
  under(load: number): void {
    this.load = load;
  }

  protected override now(): number {
    return this.time;
  }

  /** How long a check takes with all that belongs to it. */
  async check(parameters: string, ms: number): Promise<number> {
    const begun = this.time;
    if (parameters === 'current') await this.spend(ms);
    else await this.measured(parameters, () => this.spend(ms));
    await this.fill(parameters);
    return this.time - begun;
  }

  private spend(ms: number): Promise<void> {
    this.time += ms * this.load;
    return Promise.resolve();
  }
}

describe('HashPace', () => {
  it('fills a shorter hash up to the current one, and that with nothing', async () => {
    const machine = new Machine();
    expect(await machine.check('short', 10)).toBeCloseTo(60);
    expect(await machine.check('current', 60)).toBeCloseTo(60);
  });

  it('is right under load, and after it', async () => {
    const machine = new Machine();
    for (const load of [5, 1, 3]) {
      machine.under(load);
      expect(await machine.check('current', 60)).toBeCloseTo(60 * load);
      expect(await machine.check('short', 10)).toBeCloseTo(60 * load);
    }
  });

  it('believes no single run that something was in the way of', async () => {
    const machine = new Machine();
    for (const ms of [10, 11, 500, 9, 10]) await machine.check('short', ms);
    expect(await machine.check('short', 10)).toBeCloseTo(60);
    expect(await machine.check('current', 60)).toBeCloseTo(60);
  });

  it('fills up to a longer one once it has been seen three times', async () => {
    const machine = new Machine();
    for (let count = 0; count < 2; count++) await machine.check('long', 200);
    expect(await machine.check('current', 60)).toBeCloseTo(60);
    const longest = await machine.check('long', 200);
    expect(longest).toBeCloseTo(200 + CURRENT_MS / 8);
    expect(await machine.check('current', 60)).toBeCloseTo(longest);
    expect(await machine.check('short', 10)).toBeCloseTo(longest);
  });
});
