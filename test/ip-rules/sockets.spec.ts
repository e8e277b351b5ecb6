import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { IpRules } from '../../lib/index.js';
import { AddressGate } from '../../lib/ip-rules/address-gate.js';
import { IpRule } from '../../lib/ip-rules/ip-rule.entity.js';
import { ChatGateway, OpenGateway, SeenModule } from '../ws/gateways.js';
import {
  ask,
  bareSocketTo,
  browserOf,
  newPerson,
  outcomeOf,
  pageHeaders,
  socketTo,
  startNode,
  within,
  type Node,
} from '../ws/kit.js';

const BLOCKED = { code: 'ADDRESS_BLOCKED', statusCode: 403 };
const LOOPBACK = { network: '127.0.0.0/8', action: 'block' } as const;

describe.each(['socket.io', 'ws'] as const)('sockets of %s', (platform) => {
  let node: Node;
  let headers: Record<string, string>;

  beforeAll(async () => {
    node = await startNode({
      platform,
      gateways: platform === 'ws' ? [ChatGateway] : [ChatGateway, OpenGateway],
      imports: [SeenModule],
    });
    headers = pageHeaders(await browserOf(node, await newPerson(node)));
  });

  afterEach(async () => {
    await node.dataSource.getRepository(IpRule).clear();
    await node.get(AddressGate).renew();
  });

  afterAll(() => node.close());

  it('are refused at the handshake from an address that is kept out', async () => {
    await node.get(IpRules).add(LOOPBACK);
    if (platform === 'ws') {
      const { closed } = await bareSocketTo(node, { headers });
      expect((await within(3_000, closed)).reason).toBe('ADDRESS_BLOCKED');
      return;
    }
    for (const namespace of ['/', '/open']) {
      const socket = socketTo(node, { headers, namespace });
      expect(await outcomeOf(socket)).toMatchObject(BLOCKED);
      socket.disconnect();
    }
  });

  it('are refused each message once their address is kept out, public ones too', async () => {
    if (platform === 'ws') {
      const { ask: say, socket } = await bareSocketTo(node, { headers });
      expect((await say('open')).data).toBe('in');
      await node.get(IpRules).add(LOOPBACK);
      for (const message of ['who', 'open']) expect(JSON.stringify(await say(message))).toContain('ADDRESS_BLOCKED');
      return void socket.close();
    }
    const socket = socketTo(node, { headers });
    expect(await outcomeOf(socket)).toBe('connected');
    expect(await ask(socket, 'open')).toBe('in');
    await node.get(IpRules).add(LOOPBACK);
    for (const message of ['who', 'open']) expect(await ask(socket, message)).toMatchObject({ error: BLOCKED });
    socket.disconnect();
  });
});
