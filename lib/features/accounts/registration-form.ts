import { Injectable } from '@nestjs/common';
import * as v from 'valibot';
import { isEmailAddress } from '../../common/email-address.js';
import { AuthError, type FieldProblem } from '../../errors/auth-error.js';
import { validate } from '../../http/validate.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { PasswordPolicy } from '../../passwords/password-policy.js';
import { OWNED_COLUMNS } from '../../users/auth-user.entity.js';

/** A registration that has been checked. */
export interface Registration {
  readonly email: string;
  readonly password: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const email = v.pipe(v.string(), v.check(isEmailAddress, 'This is not an e-mail address.'));

/** The body of `POST /register` as far as it is the same in every application. */
export const registrationSchema = v.looseObject({ email, password: v.string() });

const OWNED: ReadonlySet<string> = new Set(OWNED_COLUMNS);

/** Checks a registration: address, extra fields and the whole password policy, all problems at once. */
@Injectable()
export class RegistrationForm {
  constructor(
    private readonly settings: AuthSettings,
    private readonly policy: PasswordPolicy,
  ) {}

  /**
   * Throws `PASSWORD_REJECTED` (400) when only the password is at fault, `VALIDATION_FAILED` (400) with everything
   * otherwise.
   */
  async parse(body: unknown): Promise<Registration> {
    const shape = await validate(registrationSchema, body ?? {});
    const given = typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {};
    const { email: address, password, ...rest } = given as Record<string, unknown>;
    const extra = await this.extraFields(rest);
    const rejected =
      typeof password === 'string'
        ? this.policy.problems(password, { email: typeof address === 'string' ? address : '', values: texts(rest) })
        : [];
    const faults = [...(shape.problems ?? []), ...(extra.problems ?? [])];
    if (faults.length > 0) throw new AuthError('VALIDATION_FAILED', { details: [...faults, ...rejected] });
    if (rejected.length > 0) throw new AuthError('PASSWORD_REJECTED', { details: rejected });
    return { email: (address as string).trim(), password: password as string, fields: extra.value ?? {} };
  }

  private async extraFields(
    rest: Record<string, unknown>,
  ): Promise<{ value?: Record<string, unknown>; problems?: readonly FieldProblem[] }> {
    const schema = this.settings.registration.fields;
    const names = Object.keys(rest);
    const refused = schema === undefined ? names : names.filter((name) => OWNED.has(name));
    if (refused.length > 0) return { problems: refused.map(unknown) };
    if (schema === undefined) return { value: {} };
    const { value, problems } = await validate(schema, rest);
    if (problems !== undefined) return { problems };
    // A schema may rename or add; what belongs to Gatehouse stays out all the same.
    return { value: Object.fromEntries(Object.entries(value).filter(([name]) => !OWNED.has(name))) };
  }
}

function unknown(field: string): FieldProblem {
  return { field, rule: 'unknown', message: 'This field is not known.' };
}

function texts(fields: Record<string, unknown>): string[] {
  return Object.values(fields).filter((value) => typeof value === 'string');
}
