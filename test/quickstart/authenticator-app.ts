import { Secret, TOTP } from 'otpauth';

const STEP_MS = 30_000;

/** What somebody has on the phone. No code is shown twice: the server takes each step once, and one step around its own. */
export class AuthenticatorApp {
  private readonly totp: TOTP;
  private lastStep = 0;

  constructor(secret: string) {
    this.totp = new TOTP({ secret: Secret.fromBase32(secret.replaceAll(' ', '')) });
  }

  /** The oldest code that is still taken; waits where all have been used. */
  async code(): Promise<string> {
    const step = Math.max(this.lastStep + 1, Math.floor(Date.now() / STEP_MS) - 1);
    const early = (step - 1) * STEP_MS - Date.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    this.lastStep = step;
    return this.totp.generate({ timestamp: step * STEP_MS });
  }
}
