import { Injectable } from '@nestjs/common';
import * as v from 'valibot';
import { isEmailAddress } from '../../common/email-address.js';
import { textValues } from '../../common/text-values.js';
import { AuthError } from '../../errors/auth-error.js';
import { validate } from '../../http/validate.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { NewPasswords } from '../../passwords/new-passwords.service.js';
import { ColumnLimits } from '../../users/column-limits.js';
import { ExtraFields } from '../../accounts/extra-fields.js';

/** A registration that has been checked. */
export interface Registration {
  readonly email: string;
  readonly password: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const email = v.pipe(v.string(), v.check(isEmailAddress, 'This is not an e-mail address.'));

/** The body of `POST /register` as far as it is the same in every application. */
export const registrationSchema = v.looseObject({ email, password: v.string() });

/** Checks a registration: address, extra fields and the whole password policy, all problems at once. */
@Injectable()
export class RegistrationForm {
  constructor(
    private readonly settings: AuthSettings,
    private readonly passwords: NewPasswords,
    private readonly extraFields: ExtraFields,
    private readonly limits: ColumnLimits,
  ) {}

  /**
   * Throws `PASSWORD_REJECTED` (400) when only the password is at fault, `VALIDATION_FAILED` (400) with everything
   * otherwise.
   */
  async parse(body: unknown): Promise<Registration> {
    const shape = await validate(registrationSchema, body ?? {});
    const given = typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {};
    const { email: address, password, ...rest } = given as Record<string, unknown>;
    const { values, problems } = await this.extraFields.check(this.settings.registration.fields, rest);
    const context = { email: typeof address === 'string' ? address : '', values: textValues(values) };
    const rejected = typeof password === 'string' ? await this.passwords.problems(password, context) : [];
    const faults = [...(shape.problems ?? this.limits.emailProblems(address as string)), ...problems];
    if (faults.length > 0) throw new AuthError('VALIDATION_FAILED', { details: [...faults, ...rejected] });
    if (rejected.length > 0) throw new AuthError('PASSWORD_REJECTED', { details: rejected });
    return { email: (address as string).trim(), password: password as string, fields: values };
  }
}
