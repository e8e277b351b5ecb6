import { Injectable } from '@nestjs/common';
import { BreachedPasswords } from './breached-passwords.js';

/** Of the body after decompression. A padded answer of the service has about 80 kB. */
const MOST_BYTES = 2 ** 20;
const LINE = /^[0-9A-F]{35}:\d+\r?$/im;

/**
 * Asks the range service of Have I Been Pwned, without a key. Turned on by
 * `overrides: [{ provide: BreachedPasswords, useClass: PwnedPasswords }]`. Extend it with another `url` for a mirror.
 */
@Injectable()
export class PwnedPasswords extends BreachedPasswords {
  /** The five digits are appended. */
  protected readonly url: string = 'https://api.pwnedpasswords.com/range/';

  override async suffixes(prefix: string, signal: AbortSignal): Promise<string> {
    const response = await fetch(this.url + prefix, {
      // Padding hides from who watches the line how long the answer is, and so which prefix was asked for.
      headers: { 'add-padding': 'true', 'user-agent': 'nestjs-gatehouse', accept: 'text/plain' },
      redirect: 'error',
      signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`the service answered ${response.status}.`);
    }
    const text = await bounded(response);
    if (!LINE.test(text)) throw new Error('the service answered something else than a list.');
    return text;
  }
}

async function bounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error('the service answered more than a list.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}
