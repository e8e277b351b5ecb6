import { bucketContract } from './bucket.contract.js';
import type { ContractRunner, ContractSubject } from './contract-kit.js';
import { ladderContract } from './ladder.contract.js';
import { lockoutContract } from './lockout.contract.js';

export function attemptsContract(runner: ContractRunner, subject: ContractSubject): void {
  lockoutContract(runner, subject);
  ladderContract(runner, subject);
  bucketContract(runner, subject);
}
