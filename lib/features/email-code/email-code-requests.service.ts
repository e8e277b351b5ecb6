import { Injectable } from '@nestjs/common';
import type { KnownDevices } from '../../attempts/known-devices.js';
import type { ClientInfo } from '../../common/client-address.js';
import { Keyring } from '../../keys/keyring.js';
import { askingBrowser } from '../../mail/asking-browser.js';
import { MailRequests } from '../../mail/mail-requests.service.js';
import { letterDataOf } from '../../mailed-codes/code-letters.service.js';
import { MailedCodes } from '../../mailed-codes/mailed-codes.service.js';
import type { Delivery } from '../../sign-in/delivery.js';

export interface CodeAsker {
  readonly deliver: Delivery;
  /** Hash of what the browser that asks was given; none for a client of tokens, whose challenge is its own binding. */
  readonly binding: string | undefined;
  readonly devices: KnownDevices;
  readonly locale: string;
  readonly client: ClientInfo;
}

/** Asking for a sign-in code: the same for every address. */
@Injectable()
export class EmailCodeRequests {
  constructor(
    private readonly codes: MailedCodes,
    private readonly mail: MailRequests,
    private readonly keyring: Keyring,
  ) {}

  /** The challenge, with which the code is presented. */
  async ask(address: string, { deliver, binding, devices, locale, client }: CodeAsker): Promise<string> {
    const facts = { address, deliver, ...(binding === undefined ? {} : { binding }) };
    const { challenge, reference } = this.codes.begin('sign-in', facts);
    const identifier = this.keyring.identifierDigest(address);
    await this.mail.ask(
      { kind: 'email-code', address, locale, data: { ...letterDataOf(reference), ...askingBrowser(devices) } },
      { type: 'sign_in.code_requested', client, identifier },
    );
    return challenge;
  }
}
