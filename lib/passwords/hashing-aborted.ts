/** A hash that was still waiting when its client went away. Nobody is left to read an answer. */
export class HashingAborted extends Error {
  override readonly name = 'HashingAborted';

  constructor() {
    super('The request ended before its password was hashed.');
  }
}
