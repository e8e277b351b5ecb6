import { helloController, listen, rootModule } from '../lib/nest.mjs';

export const contestants = {
  bare: ({ adapter }) => listen(rootModule({ controllers: [helloController()] }), adapter),
};
