import { UseGuards } from '@nestjs/common';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { helloController, listen, rootModule } from '../lib/nest.mjs';

export const contestants = {
  memory: ({ adapter }) =>
    listen(
      rootModule({
        imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: 1_000_000_000 }])],
        controllers: [helloController(UseGuards(ThrottlerGuard))],
      }),
      adapter,
    ),
};
