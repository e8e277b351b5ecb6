import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { uuidv7 } from '../common/random.js';
import { Database } from '../database/database.js';
import { Keyring } from '../keys/keyring.js';
import type { Letter } from './letter.js';
import { OutboxEntry } from './outbox-entry.entity.js';

/** What a letter is made from: the time is that of the entry. */
export type NewLetter = Omit<Letter, 'at'>;

/** Takes letters, in the transaction of the change that calls for them: no mail of a change that was not committed. */
@Injectable()
export class Outbox {
  private wake: () => void = () => undefined;

  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  /** Inside `Database.write`: one insert, the same for every letter. */
  async add(manager: EntityManager, letter: NewLetter): Promise<void> {
    const now = this.clock.now();
    const id = uuidv7(now);
    const sealed = this.keyring.seal(JSON.stringify({ ...letter, at: now } satisfies Letter), letterPlace(id));
    const entry = { id, sealed, createdAt: now, dueAt: now };
    await manager.createQueryBuilder().insert().into(OutboxEntry).values(entry).updateEntity(false).execute();
    this.database.afterCommit(manager, () => this.wake());
  }

  /** One statement that changes nothing, for what must not cost less where there is no letter to add. */
  async addNothing(manager: EntityManager): Promise<void> {
    await manager.delete(OutboxEntry, { id: '' });
  }

  /** The letter of an entry, or `undefined` when its seal does not open. */
  open({ id, sealed }: Pick<OutboxEntry, 'id' | 'sealed'>): Letter | undefined {
    const text = sealed === null ? undefined : this.keyring.open(sealed, letterPlace(id));
    return text === undefined ? undefined : (JSON.parse(text) as Letter);
  }

  /** Calls the listener whenever this process has committed a letter. */
  onAdded(listener: () => void): void {
    this.wake = listener;
  }
}

/** Where the letter of an entry is sealed for. */
export function letterPlace(id: string): string {
  return `auth_outbox.sealed.${id}`;
}
