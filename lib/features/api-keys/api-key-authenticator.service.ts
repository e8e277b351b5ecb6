import { Injectable } from '@nestjs/common';
import { ApiKeyReader } from '../../access/api-key-reader.js';
import type { Principal } from '../../common/principal.js';

@Injectable()
export class ApiKeyAuthenticator extends ApiKeyReader {
  override recognises(text: string): boolean {
    return text.startsWith('gk_');
  }

  override read(): Promise<Principal | undefined> {
    return Promise.resolve(undefined);
  }
}
