import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { expect } from 'vitest';
import { startScript, type Running } from '../production/processes.js';
import { PASSWORD, SECRET } from '../support/app.js';
import { Client, type Answer } from '../support/client.js';
import type { TokenSet } from '../tokens/kit.js';

const CHILD = join(import.meta.dirname, 'refresh-kill-child.mjs');
/** Longer than the grace of the child. */
const PAST_GRACE_MS = 61_000;
const REST_MS = 100;

/** How the cache stands when the doomed refresh comes, and how often the family was refreshed before. */
const VARIANTS = [
  { name: 'never seen', earlier: 0, warm: false },
  { name: 'in use', earlier: 0, warm: true },
  { name: 'refreshed before', earlier: 1, warm: true },
] as const;

type Variant = (typeof VARIANTS)[number];

interface Kill {
  readonly variant: Variant;
  /** The step of the refresh that is the last. */
  readonly step: string;
}

/** An application whose process dies amid refreshes and is started again, as a supervisor does. */
export class MortalApp {
  private running!: Running;
  private url!: string;
  private readonly database: DataSource;
  private bystander!: TokenSet;
  private people = 0;

  constructor(
    private readonly databaseUrl: string,
    private readonly redisUrl: string,
  ) {
    this.database = new DataSource({ type: 'postgres', url: databaseUrl });
  }

  async start(): Promise<void> {
    await this.database.initialize();
    await this.run('yes');
    this.bystander = await this.signIn();
  }

  async close(): Promise<void> {
    this.running.kill('SIGKILL');
    await this.running.ended;
    await this.database.destroy();
  }

  /** Dies that often, over all steps, and answers how often at which. */
  async die(times: number): Promise<ReadonlyMap<string, number>> {
    const kills = await this.kills();
    const told = new Map<string, number>();
    for (let time = 0; time < times; time += 1) {
      const kill = kills[times < kills.length ? Math.floor((time * kills.length) / times) : time % kills.length]!;
      const label = await this.dieOnce(kill, time);
      told.set(label, (told.get(label) ?? 0) + 1);
    }
    return told;
  }

  private async run(synchronize: 'yes' | 'no'): Promise<void> {
    this.running = startScript(CHILD, {
      DATABASE_URL: this.databaseUrl,
      REDIS_URL: this.redisUrl,
      AUTH_SECRET: SECRET,
      SYNCHRONIZE: synchronize,
    });
    [, this.url] = (await this.running.says(/READY (\S+)/)) as unknown as [string, string];
  }

  /** Every step at which a refresh may be cut short. */
  private async kills(): Promise<Kill[]> {
    const kills: Kill[] = [];
    for (const variant of VARIANTS) {
      await this.refresh(await this.family(variant), 'none');
      // The last step comes when the answer is out.
      await delay(REST_MS);
      const steps = (await (await fetch(`${this.url}/steps`)).json()) as string[];
      kills.push(...steps.map((step) => ({ variant, step })));
    }
    return kills;
  }

  private async dieOnce({ variant, step }: Kill, round: number): Promise<string> {
    const before = await this.family(variant);
    const generation = variant.earlier;
    const handed = await this.refresh(before, step).then(
      ({ body }) => body as TokenSet,
      () => undefined,
    );
    expect(await this.running.ended).toBeNull();
    expect(this.running.output()).toContain(`KILLED at ${step}\n`);
    await this.run('no');

    // What a client does that never got its answer.
    const retried = await this.refreshed(before);
    expect(generationOf(retried)).toBe(generation + 1);
    if (handed !== undefined) expect(retried.refresh_token).toBe(handed.refresh_token);
    expect((await this.refreshed(before)).refresh_token).toBe(retried.refresh_token);
    expect(await this.row(before)).toEqual({ generation: generation + 1, revoked_at: null });
    for (const tokens of [before, retried, ...(handed === undefined ? [] : [handed])]) {
      expect(await this.isSignedIn(tokens)).toBe(true);
    }
    this.bystander = await this.refreshed(this.bystander);

    const latest = await this.refreshed(retried);
    expect(generationOf(latest)).toBe(generation + 2);
    await this.endByReuse(before, retried, latest, round);
    return `${variant.name}: ${step}`;
  }

  /** An old generation ends the session: the one just spent when its grace is over, one before it at once. */
  private async endByReuse(before: TokenSet, retried: TokenSet, latest: TokenSet, round: number): Promise<void> {
    if (round % 2 === 0) {
      await this.database.query('UPDATE auth_sessions SET rotated_at = rotated_at - $1 WHERE sid = $2', [
        PAST_GRACE_MS,
        sidOf(latest),
      ]);
    }
    const { status, body } = await this.refresh(round % 2 === 0 ? retried : before);
    expect([status, body.code]).toEqual([401, 'REFRESH_TOKEN_REUSED']);
    for (const tokens of [before, retried, latest]) {
      expect(await this.isSignedIn(tokens)).toBe(false);
      expect((await this.refresh(tokens)).body.code).toBe('INVALID_REFRESH_TOKEN');
    }
  }

  private async family({ earlier, warm }: Variant): Promise<TokenSet> {
    let tokens = await this.signIn();
    for (let time = 0; time < earlier; time += 1) tokens = await this.refreshed(tokens);
    if (warm) expect(await this.isSignedIn(tokens)).toBe(true);
    return tokens;
  }

  /** A new account, so that nothing of it is cached. */
  private async signIn(): Promise<TokenSet> {
    this.people += 1;
    const username = `person${this.people}@example.com`;
    expect((await this.client().register(username)).status).toBe(202);
    const grant = { grant_type: 'password', username, password: PASSWORD };
    const { status, body } = await this.client().post('/auth/token', grant);
    expect(status).toBe(200);
    return body as TokenSet;
  }

  private refresh({ refresh_token }: TokenSet, dieAt?: string): Promise<Answer> {
    const headers: Record<string, string> = dieAt === undefined ? {} : { 'x-die-at': dieAt };
    return this.client().post('/auth/token/refresh', { refresh_token }, { headers });
  }

  private async refreshed(tokens: TokenSet): Promise<TokenSet> {
    const { status, body, text } = await this.refresh(tokens);
    expect(status, text).toBe(200);
    return body as TokenSet;
  }

  private async isSignedIn({ access_token }: TokenSet): Promise<boolean> {
    const { status } = await this.client().get('/auth/me', { headers: { authorization: `Bearer ${access_token}` } });
    return status === 200;
  }

  private async row(tokens: TokenSet): Promise<unknown> {
    const rows = await this.database.query('SELECT generation, revoked_at FROM auth_sessions WHERE sid = $1', [
      sidOf(tokens),
    ]);
    expect(rows).toHaveLength(1);
    return rows[0];
  }

  private client(): Client {
    return new Client(this.url);
  }
}

const sidOf = ({ refresh_token }: TokenSet): string => refresh_token.split('.')[1]!;
const generationOf = ({ refresh_token }: TokenSet): number => Number(refresh_token.split('.')[2]);
