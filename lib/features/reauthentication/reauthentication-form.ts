import { Injectable } from '@nestjs/common';
import * as v from 'valibot';
import type { ProofOfPresence } from '../../access/proof-of-presence.js';
import { readOneOf } from '../../http/one-of.js';
import { PresenceProofs } from './presence-proofs.service.js';

const COMMON_FIELDS = { deviceToken: v.optional(v.string()) } as const;

/** A body that has been checked. */
export interface Reauthentication {
  readonly proof: ProofOfPresence;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly deviceToken: string | undefined;
}

/** The body of `POST /reauthenticate`: the fields of exactly one proof. */
@Injectable()
export class ReauthenticationForm {
  constructor(private readonly proofs: PresenceProofs) {}

  /** Throws `VALIDATION_FAILED` (400). */
  async parse(body: unknown): Promise<Reauthentication> {
    const { carried: proof, fields: all } = await readOneOf(this.proofs.all, COMMON_FIELDS, body);
    const { deviceToken, ...fields } = all;
    return { proof, fields, deviceToken: deviceToken as string | undefined };
  }
}
