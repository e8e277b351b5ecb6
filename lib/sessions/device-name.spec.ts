import { describe, expect, it } from 'vitest';
import { clientFacts } from './client-facts.js';
import { deviceName } from './device-name.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

describe('the name of a device', () => {
  it('is what the header says of browser and system', () => {
    expect(deviceName(FIREFOX)).toBe('Firefox on Linux');
  });

  it('is what is left where one of them is missing', () => {
    expect(deviceName('(X11; Linux x86_64)')).toBe('Linux');
    expect(deviceName('Firefox/140.0')).toBe('Firefox');
  });

  it.each(['', '   ', '!'])('is unknown for %j', (userAgent) => {
    expect(deviceName(userAgent)).toBe('Unknown device');
  });

  it('stands in letters beside the address', () => {
    expect(clientFacts({ address: '192.0.2.1', userAgent: FIREFOX })).toEqual({
      address: '192.0.2.1',
      device: 'Firefox on Linux',
    });
  });
});
