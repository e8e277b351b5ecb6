import { UseGuards } from '@nestjs/common';
import { addAccessMark, saysWho, type AccessMark } from './access-mark.js';
import type { AuthRule } from './auth-rule.js';
import { AuthSeal } from './auth-seal.js';

const SEAL = UseGuards(new AuthSeal());

/**
 * Asks for a signed-in principal on a controller, resolver, gateway or one of its methods, and for whatever the rule says.
 * Rules of the class and of the method are both enforced: a method never relaxes its class. Answers 401 without a usable
 * credential and 403 when the rule is not met. Refuses to work in an application without `AuthModule`.
 *
 * @example
 * \@Auth({ roles: ['admin'], fresh: true })
 */
export function Auth(rule: AuthRule = {}): ClassDecorator & MethodDecorator {
  return marker({ kind: 'auth', rule: Object.freeze({ ...rule }) });
}

/**
 * Leaves a class or method open. No credential is looked at: a wrong or expired one does no harm, and there is no
 * principal. On a method it lifts every rule of the class, on a class those of the classes it extends.
 */
export function Public(): ClassDecorator & MethodDecorator {
  return marker({ kind: 'public' });
}

/**
 * Lets anonymous requests through and still knows the principal of others. A dead session counts as anonymous; a wrong
 * `Authorization: Bearer` or `X-API-Key` header and a failed CSRF check are refused all the same.
 */
export function OptionalAuth(): ClassDecorator & MethodDecorator {
  return marker({ kind: 'optional' });
}

/**
 * Lets a signed-in principal in who still has to set up the second factor that the option `secondFactor` requires. Every
 * route without it is answered 403 `ENROLMENT_REQUIRED` until then. Says nothing else about who may call.
 */
export function DuringEnrolment(): ClassDecorator & MethodDecorator {
  return marker({ kind: 'enrolment' });
}

/**
 * @internal Lets in an administrator who acts as the user, on a route of Gatehouse, where nobody else lets one in.
 */
export function DuringImpersonation(): ClassDecorator & MethodDecorator {
  return marker({ kind: 'impersonation' });
}

function marker(mark: AccessMark): ClassDecorator & MethodDecorator {
  return (target: object, key?: string | symbol, descriptor?: TypedPropertyDescriptor<never> | PropertyDescriptor) => {
    addAccessMark(mark, target, key, descriptor?.value);
    if (mark.kind === 'public' || !saysWho(mark)) return;
    if (key === undefined) SEAL(target as never);
    else SEAL(target, key, descriptor as PropertyDescriptor);
  };
}
