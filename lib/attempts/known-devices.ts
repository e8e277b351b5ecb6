import { randomToken } from '../common/random.js';

/** A browser that has completed a sign-in to this account. */
export interface KnownDevice {
  readonly userId: string;
  /** 128 random bits as base64url. */
  readonly deviceId: string;
  readonly issuedAtMs: number;
}

const MAX_DEVICES = 5;

/** The accounts that a browser is known to, latest first. Immutable. */
export class KnownDevices {
  constructor(private readonly devices: readonly KnownDevice[]) {}

  get isEmpty(): boolean {
    return this.devices.length === 0;
  }

  /** The device under which the browser is known to this account. It counts for no other. */
  deviceFor(userId: string): KnownDevice | undefined {
    return this.devices.find((device) => device.userId === userId);
  }

  /**
   * The same browser, known to this account as well. An account it was known to keeps its device id, so that a browser
   * has one budget however often it signs in; beyond five accounts the one unused longest is forgotten.
   */
  with(userId: string, nowMs: number): KnownDevices {
    const deviceId = this.deviceFor(userId)?.deviceId ?? randomToken();
    const others = this.devices.filter((device) => device.userId !== userId);
    return new KnownDevices([{ userId, deviceId, issuedAtMs: nowMs }, ...others].slice(0, MAX_DEVICES));
  }

  toArray(): readonly KnownDevice[] {
    return this.devices;
  }
}
