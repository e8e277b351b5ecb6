import { Injectable } from '@nestjs/common';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as v from 'valibot';
import type { AccountEdit } from '../../../accounts/account-edits.service.js';
import { ExtraFields, type CheckedFields } from '../../../accounts/extra-fields.js';
import { isEmailAddress } from '../../../common/email-address.js';
import { AuthError } from '../../../errors/auth-error.js';
import { validate } from '../../../http/validate.js';
import { AuthSettings } from '../../../options/auth-settings.js';
import { RoleDirectory } from '../../../roles/role-directory.service.js';
import { ColumnLimits } from '../../../users/column-limits.js';

const email = v.pipe(v.string(), v.check(isEmailAddress, 'This is not an e-mail address.'));

/** The bodies as far as they are the same in every application; beside it stand `administration.fields`. */
export const createUserSchema = v.looseObject({
  email,
  emailVerified: v.optional(v.boolean()),
  roles: v.optional(v.pipe(v.array(v.string()), v.maxLength(50))),
});
export const changeUserSchema = v.looseObject({
  email: v.optional(email),
  emailVerified: v.optional(v.boolean()),
  disabled: v.optional(v.boolean()),
});

type CreateFields = v.InferOutput<typeof createUserSchema>;
type ChangeFields = v.InferOutput<typeof changeUserSchema>;
type Values = Readonly<Record<string, unknown>>;

export interface NewUserInput {
  readonly email: string;
  readonly emailVerified?: boolean | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly fields: Values;
}

export interface UserChangeInput extends AccountEdit {
  readonly disabled?: boolean | undefined;
}

/** Checks what administrators send of a user: every problem at once, and nothing that is not declared. */
@Injectable()
export class UserForm {
  constructor(
    private readonly extraFields: ExtraFields,
    private readonly limits: ColumnLimits,
    private readonly roles: RoleDirectory,
    private readonly settings: AuthSettings,
  ) {}

  /** Throws `VALIDATION_FAILED` (400). */
  async parseNew(body: unknown): Promise<NewUserInput> {
    const { own, fields } = await this.parse<CreateFields>(createUserSchema, body, true);
    this.checkDeclared(own.roles ?? [], 'roles');
    return { email: own.email, emailVerified: own.emailVerified, roles: own.roles, fields };
  }

  /** Throws `VALIDATION_FAILED` (400). */
  async parseChange(body: unknown): Promise<UserChangeInput> {
    const { own, fields } = await this.parse<ChangeFields>(changeUserSchema, body, false);
    return { email: own.email, emailVerified: own.emailVerified, disabled: own.disabled, fields };
  }

  /** A slip of a name would be a role that no rule asks for. Throws `VALIDATION_FAILED` (400). */
  checkDeclared(roles: readonly string[], field: string): void {
    const { declared } = this.roles;
    const message = 'This role is not declared in roles.grants or roles.default.';
    const details = roles.filter((role) => !declared.includes(role)).map(() => ({ field, rule: 'oneOf', message }));
    if (details.length > 0) throw new AuthError('VALIDATION_FAILED', { details: details.slice(0, 1) });
  }

  private async parse<T extends CreateFields | ChangeFields>(
    schema: StandardSchemaV1<unknown, T> & { readonly entries: object },
    body: unknown,
    always: boolean,
  ): Promise<{ readonly own: T; readonly fields: Values }> {
    const shape = await validate(schema, body ?? {});
    const given = typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {};
    const rest = Object.entries(given).filter(([name]) => !Object.hasOwn(schema.entries, name));
    const { values, problems } = await this.checkFields(Object.fromEntries(rest), always);
    const own = shape.value;
    const address = own?.email === undefined ? [] : this.limits.emailProblems(own.email);
    const details = [...(shape.problems ?? address), ...problems];
    if (own === undefined || details.length > 0) throw new AuthError('VALIDATION_FAILED', { details });
    return { own, fields: values };
  }

  /** A change that names none of them changes none of them, whatever the schema requires of a new user. */
  private checkFields(given: Values, always: boolean): Promise<CheckedFields> {
    if (!always && Object.keys(given).length === 0) return Promise.resolve({ values: {}, problems: [] });
    return this.extraFields.check(this.settings.administration.fields, given);
  }
}
