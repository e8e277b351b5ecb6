import { connect } from 'node:net';
import { createClient } from '@redis/client';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { startRedis } from './redis-server.js';
import { serverOptions } from './app.js';
import { chromiumPath, mariadbUrl, postgresUrl, redisUrl } from './services.js';

describe('services of the tests', () => {
  it('give every caller a PostgreSQL database of its own', async () => {
    const urls = await Promise.all([postgresUrl(), postgresUrl()]);
    const sources = urls.map((url) => new DataSource({ type: 'postgres', url }));
    const [one, two] = sources as [DataSource, DataSource];
    await Promise.all([one.initialize(), two.initialize()]);
    await one.query('CREATE TABLE mine (id int)');
    expect(await one.query(`SELECT to_regclass('mine') AS found`)).toEqual([{ found: 'mine' }]);
    expect(await two.query(`SELECT to_regclass('mine') AS found`)).toEqual([{ found: null }]);
    await Promise.all([one.destroy(), two.destroy()]);
  });

  it('give every caller a MariaDB database of its own', async () => {
    const urls = await Promise.all([mariadbUrl(), mariadbUrl()]);
    const [one, two] = urls.map((url) => new DataSource(serverOptions(url))) as [DataSource, DataSource];
    await Promise.all([one.initialize(), two.initialize()]);
    await one.query('CREATE TABLE mine (id int)');
    expect(await one.query('SHOW TABLES')).toHaveLength(1);
    expect(await two.query('SHOW TABLES')).toEqual([]);
    await Promise.all([one.destroy(), two.destroy()]);
  });

  it('give every caller a Redis database of its own', async () => {
    const urls = await Promise.all([redisUrl(), redisUrl()]);
    const clients = urls.map((url) => createClient({ url }).on('error', () => undefined));
    const [one, two] = clients as [(typeof clients)[0], (typeof clients)[0]];
    await Promise.all([one.connect(), two.connect()]);
    await one.set('mine', '1');
    expect([await one.get('mine'), await two.get('mine')]).toEqual(['1', null]);
    await Promise.all([one.disconnect(), two.disconnect()]);
  });

  it('find a browser', () => {
    expect(chromiumPath()).toMatch(/chrom/i);
  });
});

describe('a private Redis', () => {
  it('is frozen, thawed, stopped and restarted empty on the same port', async () => {
    const redis = await startRedis();
    expect(await ping(redis.url)).toBe('+PONG');
    redis.pause();
    expect(await ping(redis.url)).toBe('silence');
    redis.resume();
    expect(await ping(redis.url)).toBe('+PONG');
    redis.pause();
    await redis.stop();
    expect(await ping(redis.url)).toBe('ECONNREFUSED');
    await redis.restart();
    expect(await ping(redis.url)).toBe('+PONG');
    await redis.stop();
  });
});

function ping(url: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const finish = (answer: string) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.once('data', (data) => finish(data.toString().trim()));
    socket.setTimeout(300, () => finish('silence'));
    socket.write('PING\r\n');
  });
}
