export { actingAs, type ActingHeaders } from './acting-as.js';
export { FastPasswordHasher } from './fast-password-hasher.js';
export { TestMailbox } from './test-mailbox.js';
export { TestClock } from './test-clock.js';
export { UnlimitedStateStore } from './unlimited-state-store.js';
export { useAuthTesting, type OverridableBuilder } from './use-auth-testing.js';
export { MemoryStateStore } from '../store/memory-state-store.js';
export {
  stateStoreContract,
  type ContractRunner,
  type ContractStore,
  type ContractSubject,
} from '../store/state-store-contract.js';
