import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../ws/kit.js';
import { post, startSample } from '../ws/sample-process.js';

export const FOLDER = path.join(import.meta.dirname, '..', '..', 'sample', '07-tokens');
export const ACCOUNT = { email: 'ada@example.com', password: 'seven hinges and a bell' };

/** What the client of the sample keeps. */
export interface StoredTokens {
  readonly accessToken?: string;
  readonly refreshToken?: string;
  readonly refreshAt?: number;
  readonly deviceToken?: string;
}

export interface TokensSample {
  readonly url: string;
  stop(): Promise<void>;
}

/** `sample/07-tokens` as a process of its own, with data of its own and one account. */
export async function startTokensSample(): Promise<TokensSample> {
  const data = await mkdtemp(path.join(tmpdir(), 'tokens-sample-'));
  const environment = { PORT: String(await freePort()), DATA_DIR: data };
  const sample = await startSample('07-tokens', /tokens are running on (http:\/\/\S+)/, environment);
  const [url] = sample.caught as [string];
  await post(url, '/auth/register', ACCOUNT);
  const stop = async (): Promise<void> => {
    await sample.stop();
    await rm(data, { recursive: true, force: true });
  };
  return { url, stop };
}

/** How often the session behind a refresh token has rotated. */
export function generationOf({ refreshToken }: StoredTokens): number {
  return Number(refreshToken?.split('.')[2]);
}
