import { Injectable } from '@nestjs/common';
import * as v from 'valibot';
import type { ProofOfPresence } from '../../access/proof-of-presence.js';
import { AuthError, type FieldProblem } from '../../errors/auth-error.js';
import { unknownFields, validate } from '../../http/validate.js';
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
    const given = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
    const [proof, ...others] = this.proofs.all.filter(({ kind }) => Object.hasOwn(given, kind));
    if (proof === undefined || others.length > 0) throw invalid([...this.unknownOf(given), this.notOne()]);
    const schema = v.strictObject({ ...proof.fields, ...COMMON_FIELDS });
    const { value, problems } = await validate<Record<string, unknown>>(schema, given);
    if (problems !== undefined) throw invalid(problems);
    const { deviceToken, ...fields } = value;
    return { proof, fields, deviceToken: deviceToken as string | undefined };
  }

  private unknownOf(given: object): readonly FieldProblem[] {
    const known = [COMMON_FIELDS, ...this.proofs.all.map(({ fields }) => fields)].flatMap(Object.keys);
    return unknownFields(given, new Set(known));
  }

  private notOne(): FieldProblem {
    const kinds = this.proofs.all.map(({ kind }) => kind).join(', ');
    return { field: '', rule: 'exactlyOne', message: `Exactly one of these is expected: ${kinds}.` };
  }
}

function invalid(details: readonly FieldProblem[]): AuthError {
  return new AuthError('VALIDATION_FAILED', { details });
}
