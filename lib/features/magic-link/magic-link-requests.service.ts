import { Injectable } from '@nestjs/common';
import type { KnownDevices } from '../../attempts/known-devices.js';
import type { ClientInfo } from '../../common/client-address.js';
import { Keyring } from '../../keys/keyring.js';
import { askingBrowser } from '../../mail/asking-browser.js';
import { MailRequests } from '../../mail/mail-requests.service.js';

export interface LinkAsker {
  /** Hash of what the browser that asks was given. */
  readonly binding: string;
  readonly devices: KnownDevices;
  readonly locale: string;
  readonly client: ClientInfo;
}

/** Asking for a sign-in link: the same for every address. */
@Injectable()
export class MagicLinkRequests {
  constructor(
    private readonly mail: MailRequests,
    private readonly keyring: Keyring,
  ) {}

  ask(address: string, { binding, devices, locale, client }: LinkAsker): Promise<void> {
    const identifier = this.keyring.identifierDigest(address);
    return this.mail.ask(
      { kind: 'magic-link', address, locale, data: { binding, ...askingBrowser(devices) } },
      { type: 'sign_in.link_requested', client, identifier },
    );
  }
}
