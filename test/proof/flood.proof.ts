import { it } from 'vitest';
import { flood } from '../attempts/flood.js';

/** What the store in memory holds by default. */
const CAPACITY = 100_000;

it('a flood of 200,000 invented names locks nobody out and unlocks nobody', { timeout: 600_000 }, () =>
  flood(CAPACITY),
);
