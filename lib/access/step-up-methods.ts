import { Injectable } from '@nestjs/common';

/**
 * By what an account may step up, for `details.methods` of `REAUTHENTICATION_REQUIRED`: a port, with the answer for an
 * application where nothing but the password is there.
 */
@Injectable()
export class StepUpMethods {
  /** Fields of `POST /reauthenticate`, such as `password`. */
  methodsOf(_userId: string): Promise<readonly string[]> {
    return Promise.resolve(['password']);
  }
}
