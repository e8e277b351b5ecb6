import { Injectable } from '@nestjs/common';
import { joinMethods, METHODS } from '../common/authentication-methods.js';
import type { Principal } from '../common/principal.js';

/**
 * By what an account may step up, for `details.methods` of `REAUTHENTICATION_REQUIRED` and `SECOND_FACTOR_REQUIRED`: a port,
 * with the answer for an application where nothing but the password is there.
 */
@Injectable()
export class StepUpMethods {
  /** Fields of `POST /reauthenticate`, such as `password`. */
  methodsOf(_userId: string): Promise<readonly string[]> {
    return Promise.resolve(['password']);
  }

  /** Those of them after which any one of `anyOf` is among the methods of the principal's session. */
  methodsFor(who: Principal, anyOf: readonly string[]): Promise<readonly string[]> {
    return Promise.resolve(adds([METHODS.password], who, anyOf) ? ['password'] : []);
  }
}

/** Whether proving one of `proven` besides makes any one of `anyOf` true. */
export function adds(proven: readonly string[], { methods }: Principal, anyOf: readonly string[]): boolean {
  return proven.some((method) => joinMethods(methods, method).some((name) => anyOf.includes(name)));
}
