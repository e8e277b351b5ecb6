/** Loads the application's user entity for `@CurrentUser()`. */
export abstract class UserLoader {
  /** `undefined` when there is no such user any more. */
  abstract load(userId: string): Promise<object | undefined>;
}
