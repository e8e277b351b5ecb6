import { afterEach, describe, expect, it } from 'vitest';
import { newAccount, startGate, statuses, times, tryPassword, type Gate } from '../attempts/kit.js';
import { ADAPTERS, PASSWORD, type Adapter } from '../support/app.js';
import type { Answer } from '../support/client.js';

let gate: Gate | undefined;
afterEach(async () => {
  await gate?.app.close();
  gate = undefined;
});

let names = 0;

/** One wrong password from each of these, for another name each time. */
async function guessFrom(addresses: readonly string[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const from of addresses) {
    names += 1;
    answers.push(await tryPassword(gate!.app, `somebody${names}@example.com`, { from }));
  }
  return answers;
}

const start = async (adapter: Adapter): Promise<Gate> => (gate = await startGate({ adapter }));

/** So many addresses, one after the other from each of the spellings. */
const inTurn = (count: number, spellings: readonly string[]): string[] =>
  Array.from({ length: count }, (_, index) => spellings[index % spellings.length]!);

describe.each(ADAPTERS)('forged and rotated addresses (%s)', (adapter) => {
  it.each([
    [
      'IPv4',
      [
        '192.0.2.1',
        '::ffff:192.0.2.1',
        '::FFFF:192.0.2.1',
        '::ffff:c000:201',
        '0:0:0:0:0:ffff:192.0.2.1',
        '[::ffff:192.0.2.1]:443',
        '192.0.2.1:8080',
        ' 192.0.2.1 ',
      ],
    ],
    [
      'IPv6',
      [
        '2001:db8:1:2::1',
        '2001:0DB8:0001:0002:0000:0000:0000:0002',
        '[2001:db8:1:2::3]',
        '[2001:db8:1:2:ffff::4]:65535',
        '2001:db8:1:2::192.0.2.5',
      ],
    ],
  ])('are one client, however they are spelt: %s', async (_, spellings) => {
    await start(adapter);
    expect(statuses(await guessFrom(inTurn(24, spellings)))).toEqual([...times(20, 401), ...times(4, 429)]);
    // Nobody else pays for it.
    expect(statuses(await guessFrom(['192.0.2.2', '2001:db8:2:2::1']))).toEqual([401, 401]);
  });

  it('a /48 that changes its /64 with each guess has five times one budget', async () => {
    await start(adapter);
    const rotating = Array.from({ length: 102 }, (_, index) => `2001:db8:9:${(index + 1).toString(16)}::1`);
    expect(statuses(await guessFrom(rotating))).toEqual([...times(100, 401), 429, 429]);
    expect(statuses(await guessFrom(['2001:db8:a:1::1']))).toEqual([401]);
  });

  it('what is no address, or is one of the proxy’s own, buys nothing', async () => {
    await start(adapter);
    const noAddress = [
      '',
      'unknown',
      '_hidden',
      '1.2.3',
      '0x7f.1',
      '127.1',
      '2130706433',
      '1.2.3.4.5',
      '::g',
      '٣.1.1.1',
    ];
    const sent = inTurn(
      22,
      noAddress.map((text) => Buffer.from(text, 'utf8').toString('latin1')),
    );
    expect(statuses(await guessFrom(sent))).toEqual([...times(20, 401), ...times(2, 429)]);
  });

  it('other headers that name an address are not read', async () => {
    const { app } = await start(adapter);
    await newAccount(app, `ada-${adapter}@example.com`);
    const answers: number[] = [];
    for (let index = 0; index < 22; index += 1) {
      const forged = `203.0.113.${index}`;
      const headers = {
        'x-forwarded-for': '198.51.100.7',
        'x-real-ip': forged,
        forwarded: `for=${forged}`,
        'x-client-ip': forged,
        'cf-connecting-ip': forged,
        'true-client-ip': forged,
      };
      const body = { email: `nobody${index}@example.com`, password: PASSWORD };
      answers.push((await app.client().post('/auth/login', body, { headers })).status);
    }
    expect(answers).toEqual([...times(20, 401), 429, 429]);
  });
});
