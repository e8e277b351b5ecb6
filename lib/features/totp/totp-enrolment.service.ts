import { Injectable } from '@nestjs/common';
import { METHODS } from '../../common/authentication-methods.js';
import type { ClientInfo } from '../../common/client-address.js';
import { Clock } from '../../common/clock.js';
import type { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { FactorAttempts } from '../../second-factors/factor-attempts.service.js';
import { FactorChanges, type RenewedSession } from '../../second-factors/factor-changes.service.js';
import { RecoveryCodes } from '../../second-factors/recovery-codes.service.js';
import { UserDirectory } from '../../users/user-directory.js';
import { qrCode } from './qr-code.js';
import { enrolmentUri, stepOfCode } from './totp-codes.js';
import { TotpCredentials, type OpenedCredential } from './totp-credentials.service.js';

export interface TotpRequest {
  readonly who: Principal;
  readonly client: ClientInfo;
  /** Of the notice. */
  readonly locale: string;
}

/** What an authenticator is set up with. It is shown once. */
export interface TotpEnrolmentAnswer {
  /** Base32, for authenticators that are typed into. */
  readonly secret: string;
  /** `otpauth://`, for authenticators on the same device. */
  readonly uri: string;
  /** The URI as a QR code: a PNG as data URL. */
  readonly qr: string;
}

export interface EnabledTotp {
  readonly renewed: RenewedSession;
  readonly recoveryCodes: readonly string[];
}

const FACTOR = 'code';

/** Adds the authenticator of a signed-in user, and removes it. All methods throw `NOT_AUTHENTICATED` (401) for a session that has ended meanwhile. */
@Injectable()
export class TotpEnrolment {
  constructor(
    private readonly credentials: TotpCredentials,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly changes: FactorChanges,
    private readonly attempts: FactorAttempts,
    private readonly users: UserDirectory,
    private readonly events: EventRecorder,
    private readonly clock: Clock,
    private readonly settings: AuthSettings,
  ) {}

  /**
   * Begins: whatever was begun before is over. Throws `ALREADY_ENABLED` (409), and `SECOND_FACTOR_REQUIRED` (403) for a
   * session that has proven less than the account can.
   */
  async enrol(who: Principal): Promise<TotpEnrolmentAnswer> {
    const { userId, sessionId } = who;
    await this.changes.requireProof(who);
    const user = await this.users.publicUser(userId);
    if (user === undefined) throw new AuthError('NOT_AUTHENTICATED');
    const parameters = await this.credentials.enrol(userId, sessionId);
    if (parameters === undefined) throw new AuthError('ALREADY_ENABLED');
    const uri = enrolmentUri(parameters, { issuer: this.settings.totp.issuer, account: user.email });
    return { secret: parameters.secret, uri, qr: await qrCode(uri) };
  }

  /**
   * Ends what `enrol` began. Throws `INVALID_CODE` (400), `CHALLENGE_EXPIRED` (401) for an enrolment that is over, was
   * replaced or is of another session, `ALREADY_ENABLED` (409), and `TOO_MANY_ATTEMPTS` (429) after ten wrong codes.
   */
  async confirm(code: string, request: TotpRequest): Promise<EnabledTotp> {
    const { userId, sessionId } = request.who;
    if (await this.credentials.isEnabled(userId)) throw new AuthError('ALREADY_ENABLED');
    const pending = await this.credentials.pendingOf(userId, sessionId);
    if (pending === undefined) throw new AuthError('CHALLENGE_EXPIRED');
    const step = await this.attempts.checkNew(FACTOR, userId, () => stepOfCode(code, pending, this.clock.now()));
    if (step === undefined) return this.refuse(request);
    return this.enable(pending, step, request);
  }

  /** Takes the recovery codes along. Throws `NOT_FOUND` (404) where there is nothing to remove. */
  async disable(request: TotpRequest): Promise<RenewedSession> {
    const { userId } = request.who;
    const renewed = await this.changes.apply({
      ...request,
      event: 'second_factor.disabled',
      details: { factor: FACTOR },
      notice: 'totp-disabled',
      work: async (manager) => {
        if (!(await this.credentials.remove(manager, userId))) return false;
        await this.recoveryCodes.drop(manager, userId);
        return true;
      },
    });
    if (renewed === 'lost') throw new AuthError('NOT_FOUND');
    if (renewed === 'ended') throw new AuthError('NOT_AUTHENTICATED');
    return renewed;
  }

  private async enable(pending: OpenedCredential, step: number, request: TotpRequest): Promise<EnabledTotp> {
    const { userId } = request.who;
    const recoveryCodes = this.recoveryCodes.make();
    const renewed = await this.changes.apply({
      ...request,
      event: 'second_factor.enabled',
      details: { factor: FACTOR },
      notice: 'totp-enabled',
      method: METHODS.authenticator,
      work: async (manager) => {
        if (!(await this.credentials.confirm(manager, pending, step))) return false;
        await this.recoveryCodes.replace(manager, userId, recoveryCodes);
        return true;
      },
    });
    if (renewed === 'lost') throw new AuthError('CHALLENGE_EXPIRED');
    if (renewed === 'ended') throw new AuthError('NOT_AUTHENTICATED');
    return { renewed, recoveryCodes };
  }

  private async refuse({ who: { userId, sessionId }, client }: TotpRequest): Promise<never> {
    const about = { outcome: 'failure', actorId: userId, subjectId: userId, sessionId, client } as const;
    await this.events.write({ type: 'second_factor.enable_failed', ...about, details: { factor: FACTOR } });
    throw new AuthError('INVALID_CODE');
  }
}
