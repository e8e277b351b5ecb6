import { ApiError } from './api.js';

/** Of somebody who is signed in it is the password alone that can be wrong: said beside its field. */
export async function withOwnPassword(field, work) {
  try {
    return await work();
  } catch (error) {
    if (error.code !== 'INVALID_CREDENTIALS') throw error;
    const details = [{ field, message: 'This is not your password.' }];
    throw new ApiError(error.status, { code: 'VALIDATION_FAILED', details });
  }
}
