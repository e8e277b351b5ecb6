import { createHash } from 'node:crypto';

/** A Lua script of one key, run by its digest and sent in full only when the server does not know it. */
export class RedisScript {
  private readonly sha1: string;

  constructor(private readonly source: string) {
    // The digest is how Redis names a script (EVALSHA); nothing rests on it.
    this.sha1 = createHash('sha1').update(source).digest('hex');
  }

  async run(
    send: (args: string[]) => Promise<unknown>,
    key: string,
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const rest = ['1', key, ...args.map(String)];
    try {
      return await send(['EVALSHA', this.sha1, ...rest]);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return send(['EVAL', this.source, ...rest]);
    }
  }
}
