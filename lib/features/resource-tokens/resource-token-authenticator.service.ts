import { Injectable } from '@nestjs/common';
import { ResourceTokenReader } from '../../access/resource-token-reader.js';
import type { Principal } from '../../common/principal.js';

@Injectable()
export class ResourceTokenAuthenticator extends ResourceTokenReader {
  override presented(): string | undefined {
    return undefined;
  }

  override read(): Promise<Principal | undefined> {
    return Promise.resolve(undefined);
  }
}
