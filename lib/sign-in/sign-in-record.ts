import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { EventInput } from '../events/auth-event.js';
import { EventRecorder } from '../events/event-recorder.js';
import { Outbox } from '../mail/outbox.js';
import { clientFacts } from '../sessions/client-facts.js';
import type { OpenedSession, OpeningRecord } from '../sessions/session-opener.js';
import type { SignInCandidacy, SignInProof } from './sign-in.service.js';

/** What a sign-in leaves behind once its proof has passed: one event, and a notice of a browser that nobody knows. */
@Injectable()
export class SignInRecord {
  constructor(
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
  ) {}

  /** Written in the transaction that begins the session, or does not. `address` is told, whatever becomes of the account. */
  opening(proof: SignInProof, address: string): OpeningRecord {
    return {
      opened: (manager, opened) => this.succeeded(manager, proof, address, opened),
      lost: (manager) => this.events.record(manager, failure(proof)),
    };
  }

  /** The account may not enter. */
  failed(candidacy: SignInCandidacy): Promise<void> {
    return this.events.write(failure(candidacy));
  }

  /** The first factor was right, and the sign-in waits for the second one. */
  awaited({ userId: subjectId, client, method, deliver }: SignInProof): Promise<void> {
    const details = { method, delivery: deliver };
    return this.events.write({ type: 'sign_in.second_factor_due', subjectId, client, details });
  }

  /** The application's hook said no. */
  refused({ userId: subjectId, client, method }: SignInCandidacy): Promise<void> {
    return this.events.write({
      type: 'sign_in.refused',
      outcome: 'failure',
      subjectId,
      client,
      details: { method },
    });
  }

  private async succeeded(
    manager: EntityManager,
    { userId, client, locale, method, knownDevice, deliver }: SignInProof,
    to: string,
    { session, isFirst, displaced }: OpenedSession,
  ): Promise<void> {
    const knownBrowser = knownDevice !== undefined;
    const details = { method, knownBrowser, delivery: deliver, ...(displaced > 0 ? { displaced } : {}) };
    const who = { actorId: userId, subjectId: userId, sessionId: session.id, client };
    await this.events.record(manager, { type: 'sign_in.succeeded', ...who, details });
    // The owner of a new account has no other browser yet, and knows of this one.
    if (knownBrowser || isFirst) return;
    const data = clientFacts(client);
    await this.outbox.add(manager, { kind: 'new-device', userId, address: to, locale, data });
  }
}

/** The proof was right, and what it was checked against has changed since, or was never enough. */
function failure({ userId: subjectId, client, method }: SignInCandidacy): EventInput {
  const details = { method, reason: 'account' };
  return { type: 'sign_in.failed', outcome: 'failure', subjectId, client, details };
}
