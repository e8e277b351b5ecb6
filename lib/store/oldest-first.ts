/**
 * The keys of a Map or Set from the oldest on. A new iterator steps over everything that was ever deleted at the front,
 * which makes each eviction slower than the last; this one goes on where it stopped. So whoever asks for a key must
 * delete it, or set it anew at the end.
 */
export class OldestFirst {
  private cursor: Iterator<string, undefined> | undefined;

  constructor(private readonly collection: { keys(): Iterator<string, undefined> }) {}

  next(): string | undefined {
    const { value } = (this.cursor ??= this.collection.keys()).next();
    if (value !== undefined) return value;
    // An iterator that has reached the end never sees what is added later.
    this.cursor = this.collection.keys();
    return this.cursor.next().value;
  }
}
