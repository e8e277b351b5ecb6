import { attemptsContract } from './contract/attempts.contract.js';
import { capacityContract } from './contract/capacity.contract.js';
import type { ContractRunner, ContractSubject } from './contract/contract-kit.js';
import { rateContract } from './contract/rate.contract.js';
import { valuesContract } from './contract/values.contract.js';

export type { ContractRunner, ContractStore, ContractSubject } from './contract/contract-kit.js';

/**
 * The rules of {@link StateStore} as tests, for a store of your own. Works with every runner that has `describe` and `it`;
 * failed assertions are those of `node:assert`. A test takes up to 20 s against a real server.
 *
 * @example
 * stateStoreContract({ describe, it }, {
 *   name: 'MyStore',
 *   create: async () => {
 *     const store = await MyStore.connect(url);
 *     return { store, advance: (ms) => setTimeout(ms), close: () => store.close() };
 *   },
 * });
 */
export function stateStoreContract(runner: ContractRunner, subject: ContractSubject): void {
  runner.describe(`the state store contract: ${subject.name}`, () => {
    valuesContract(runner, subject);
    rateContract(runner, subject);
    attemptsContract(runner, subject);
    capacityContract(runner, subject);
  });
}
