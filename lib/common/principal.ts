/** How a request proved who it is from. */
export type CredentialKind = 'session' | 'bearer' | 'api-key' | 'resource';

/** @internal */
export interface PrincipalFields {
  readonly userId: string;
  readonly via: CredentialKind;
  readonly sessionId: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly scopes: readonly string[] | undefined;
  readonly emailVerified: boolean;
  readonly methods: readonly string[];
  readonly authenticatedAt: number;
  readonly freshUntil: number;
  readonly expiresAt: number;
  readonly impersonatorId: string | undefined;
}

/** Who a request is from. Made by Gatehouse alone; whatever is no instance of it is denied. */
export class Principal {
  /** Id of the user, as text. */
  readonly userId: string;
  readonly via: CredentialKind;
  /** Public id of the login session: the `id` of `GET /sessions`. Of an API key: the key's id. Signs nobody in. */
  readonly sessionId: string;
  readonly roles: readonly string[];
  /** Permissions that the roles grant: `resource:action`, `resource:*` or `*`. */
  readonly permissions: readonly string[];
  /** Scopes of the credential; `undefined` for a cookie session, which is not limited by scopes. */
  readonly scopes: readonly string[] | undefined;
  readonly emailVerified: boolean;
  /** Methods that proved the identity, by their RFC 8176 names: `pwd`, `otp`. */
  readonly methods: readonly string[];
  readonly authenticatedAt: Date;
  /** Until then `@Auth({ fresh: true })` is satisfied. */
  readonly freshUntil: Date;
  /** Absolute end of the login session. */
  readonly expiresAt: Date;
  /** The administrator behind an impersonated session. */
  readonly impersonatorId: string | undefined;

  /** Behind a name that neither JSON nor a copy shows. */
  readonly #origin: object | undefined;

  private constructor(fields: PrincipalFields, origin: object | undefined) {
    this.userId = fields.userId;
    this.via = fields.via;
    this.sessionId = fields.sessionId;
    this.roles = fields.roles;
    this.permissions = fields.permissions;
    this.scopes = fields.scopes;
    this.emailVerified = fields.emailVerified;
    this.methods = fields.methods;
    this.authenticatedAt = new Date(fields.authenticatedAt);
    this.freshUntil = new Date(fields.freshUntil);
    this.expiresAt = new Date(fields.expiresAt);
    this.impersonatorId = fields.impersonatorId;
    this.#origin = origin;
    Object.freeze(this);
  }

  /** @internal `origin`: what it was made of, for who reads it again with `originOf`. */
  static of(fields: PrincipalFields, origin?: object): Principal {
    return new Principal(fields, origin);
  }

  /** @internal */
  static originOf(principal: Principal): object | undefined {
    return #origin in principal ? principal.#origin : undefined;
  }

  hasRole(role: string): boolean {
    return this.roles.includes(role);
  }

  /** Whether a role grants the permission, by name, by `resource:*` or by `*`. */
  can(permission: string): boolean {
    const resource = permission.slice(0, permission.indexOf(':') + 1);
    return this.permissions.some((held) => held === '*' || held === permission || held === `${resource}*`);
  }

  /** Whether the credential carries the scope. A cookie session carries every scope. */
  hasScope(scope: string): boolean {
    return this.scopes === undefined || this.scopes.includes(scope);
  }
}
