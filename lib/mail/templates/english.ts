import { minutesText } from './wording.js';
import { letterPage } from './letter-page.js';
import type { FactorChangeName, MailOccasion, MailTemplates } from '../../options/mail-options.js';

const IGNORE = 'If this was not you, you can ignore this mail: nothing happens.';

const FACTOR_CHANGES: Readonly<Record<FactorChangeName, { readonly subject: string; readonly sentence: string }>> = {
  'totp-enabled': {
    subject: 'Authenticator added',
    sentence: 'Signing in to your account asks for a code of your authenticator from now on.',
  },
  'totp-disabled': {
    subject: 'Authenticator removed',
    sentence: 'Signing in to your account asks for no code of an authenticator any more.',
  },
  'recovery-codes-replaced': {
    subject: 'New recovery codes',
    sentence: 'Your account has new recovery codes. The ones from before work no longer.',
  },
  'recovery-code-used': {
    subject: 'Recovery code used',
    sentence: 'A recovery code of your account was used in place of a second factor. It works no longer.',
  },
  'passkey-added': { subject: 'Passkey added', sentence: 'A passkey was added to your account.' },
  'passkey-removed': { subject: 'Passkey removed', sentence: 'A passkey was removed from your account.' },
  'passkey-cloned': {
    subject: 'Passkey refused',
    sentence: 'A passkey of your account was refused, since there may be a copy of it. Remove it, and add a new one.',
  },
  'identity-linked': {
    subject: 'Account linked',
    sentence: 'Your account can be signed in to through another provider now.',
  },
  'identity-unlinked': {
    subject: 'Account unlinked',
    sentence: 'Your account can no longer be signed in to through one of the providers that were linked with it.',
  },
  'api-key-created': {
    subject: 'API key made',
    sentence: 'An API key was made for your account. Whoever has it can use it until it ends or is revoked.',
  },
  locked: {
    subject: 'Second factor locked',
    sentence:
      'Somebody who knew the first factor of your account was wrong about the second one ten times or more. It is locked ' +
      'for at least 15 minutes.',
  },
};

/** A newer process may have written the letter, of a change that this one does not know. */
const OTHER_CHANGE = {
  subject: 'Sign-in changed',
  sentence: 'Something has changed in how your account is signed in to.',
};

/** The built-in templates. */
export const english: MailTemplates = {
  'verify-email': (facts) =>
    letterPage(facts, {
      subject: `Confirm your e-mail address for ${facts.appName}`,
      paragraphs: [
        `Please confirm that this address is yours, to use it with ${facts.appName}.`,
        ...(facts.contested
          ? ['The address was entered more than once. The page that opens asks you for a new password.']
          : []),
        `The link works for ${minutesText(facts.validForMinutes)}, once.`,
      ],
      action: { label: 'Confirm the address', link: facts.link },
      closing: 'If you did not register, you can ignore this mail: without the link the address is not used.',
    }),
  'reset-password': (facts) =>
    letterPage(facts, {
      subject: `Set a new password for ${facts.appName}`,
      paragraphs: [
        `Somebody asked for a new password for your account at ${facts.appName}.`,
        `The link works for ${minutesText(facts.validForMinutes)}, once. Using it signs out every device.`,
      ],
      action: { label: 'Set a new password', link: facts.link },
      closing: 'If this was not you, you can ignore this mail: your password stays as it is.',
    }),
  'account-created': (facts) =>
    letterPage(facts, {
      subject: `Your account at ${facts.appName}`,
      paragraphs: [
        `An account at ${facts.appName} has been made for this address. Set a password to use it.`,
        `The link works for ${minutesText(facts.validForMinutes)}, once. After that ask for another: open ${facts.appUrl} and choose "forgot password".`,
      ],
      action: { label: 'Set a password', link: facts.link },
      closing: 'If you do not know what this is about, you can ignore this mail: without a password nobody signs in.',
    }),
  'password-changed': (facts) =>
    letterPage(facts, {
      subject: `Your password for ${facts.appName} has been changed`,
      paragraphs: [
        `The password of your account at ${facts.appName} has been changed.`,
        ...(facts.apiKeys > 0
          ? [
              `${facts.apiKeys === 1 ? 'One API key' : `${facts.apiKeys} API keys`} of your account ` +
                `${facts.apiKeys === 1 ? 'goes' : 'go'} on working. Revoke what is not yours.`,
            ]
          : []),
        occasion(facts),
      ],
      closing: `If this was not you, set a new password at once: open ${facts.appUrl} and choose "forgot password".`,
    }),
  'change-email': (facts) =>
    letterPage(facts, {
      subject: `Confirm your new e-mail address for ${facts.appName}`,
      paragraphs: [
        `Please confirm that this address is to be the new one of an account at ${facts.appName}.`,
        `The link works for ${minutesText(facts.validForMinutes)}, once.`,
      ],
      action: { label: 'Confirm the new address', link: facts.link },
      closing: 'If you did not ask for this, you can ignore this mail: the account keeps its address.',
    }),
  'email-changing': (facts) =>
    letterPage(facts, {
      subject: `A new e-mail address for your account at ${facts.appName}`,
      paragraphs: [
        `A change of the e-mail address of your account at ${facts.appName} has been asked for.`,
        'It takes effect when the new address is confirmed.',
        occasion(facts),
      ],
      closing: `If this was not you, sign in at ${facts.appUrl}, change your password and sign out the other devices.`,
    }),
  'email-changed': (facts) =>
    letterPage(facts, {
      subject: `The e-mail address of your account at ${facts.appName} has been changed`,
      paragraphs: [
        `Your account at ${facts.appName} has another e-mail address now. This one no longer belongs to it.`,
        occasion(facts),
      ],
      closing: `If this was not you, get in touch with those who run ${facts.appName}: ${facts.appUrl}`,
    }),
  'identifier-changed': (facts) =>
    letterPage(facts, {
      subject: `The sign-in name of your account at ${facts.appName} has been changed`,
      paragraphs: [
        `A name with which your account at ${facts.appName} is signed in to has been changed. Your e-mail address and your ` +
          'password are as they were.',
        occasion(facts),
      ],
      closing: `If this was not you, set a new password at once: open ${facts.appUrl} and choose "forgot password".`,
    }),
  'existing-account': (facts) =>
    letterPage(facts, {
      subject: `You already have an account at ${facts.appName}`,
      paragraphs: [
        `Somebody tried to register at ${facts.appName} with this address. It already has an account: sign in with it, ` +
          `or choose "forgot password", at ${facts.appUrl}`,
      ],
      closing: 'If this was not you, you can ignore this mail: nobody has learned that you have an account.',
    }),
  'new-device': (facts) =>
    letterPage(facts, {
      subject: `New sign-in to your account at ${facts.appName}`,
      paragraphs: [
        `Your account at ${facts.appName} was signed in to from a device that is new to it.`,
        occasion(facts),
      ],
      closing: `If this was not you, set a new password at once: open ${facts.appUrl} and choose "forgot password".`,
    }),
  'magic-link': (facts) =>
    letterPage(facts, {
      subject: `Your sign-in link for ${facts.appName}`,
      paragraphs: [
        `This link signs you in to ${facts.appName}. It works for ${minutesText(facts.validForMinutes)}, once.`,
      ],
      action: { label: 'Sign in', link: facts.link },
      closing: `${IGNORE} Do not pass it on: whoever has the link is signed in.`,
    }),
  'sign-in-code': (facts) =>
    letterPage(facts, {
      subject: `Your sign-in code for ${facts.appName}`,
      paragraphs: [
        `Enter this code where you are signing in to ${facts.appName}. It works for ` +
          `${minutesText(facts.validForMinutes)}, once.`,
      ],
      code: facts.code,
      closing: `${IGNORE} Do not tell anybody the code, whoever asks.`,
    }),
  'confirm-code': (facts) =>
    letterPage(facts, {
      subject: `Your confirmation code for ${facts.appName}`,
      paragraphs: [
        `Enter this code at ${facts.appName} to confirm what you are about to do. It works for ` +
          `${minutesText(facts.validForMinutes)}, once.`,
      ],
      code: facts.code,
      closing:
        'If this was not you, somebody is signed in as you: change your password and sign out the other devices. ' +
        'Do not tell anybody the code, whoever asks.',
    }),
  unlock: (facts) =>
    letterPage(facts, {
      subject: `Wrong passwords for your account at ${facts.appName}`,
      paragraphs: [
        `A wrong password was entered several times for your account at ${facts.appName}.`,
        facts.stopped
          ? 'From browsers that you have not used before no password is accepted any more. This link opens the account to them again.'
          : 'Passwords are refused for a while. This link opens the account to you at once.',
        `The link works for ${minutesText(facts.validForMinutes)}, once.`,
      ],
      action: { label: 'Unlock my account', link: facts.link },
      closing:
        'If this was not you, you need not do anything: nobody got in. A password used nowhere else keeps it so.',
    }),
  'refresh-token-reused': (facts) =>
    letterPage(facts, {
      subject: `A session of your account at ${facts.appName} was ended`,
      paragraphs: [
        `A sign-in of yours at ${facts.appName} was presented a second time, as happens when it has been copied. ` +
          'That session has been ended; the app or browser it belonged to asks you to sign in again.',
        occasion(facts),
      ],
      closing: `If you cannot explain this, change your password at ${facts.appUrl} and sign out the other devices.`,
    }),
  'second-factor-changed': (facts) => {
    const { subject, sentence } = Object.hasOwn(FACTOR_CHANGES, facts.change)
      ? FACTOR_CHANGES[facts.change]
      : OTHER_CHANGE;
    return letterPage(facts, {
      subject: `${subject}: your account at ${facts.appName}`,
      paragraphs: [sentence, occasion(facts)],
      closing: `If this was not you, set a new password at once: open ${facts.appUrl} and choose "forgot password".`,
    });
  },
  'account-deleted': (facts) =>
    letterPage(facts, {
      subject: `Your account at ${facts.appName} has been deleted`,
      paragraphs: [`Your account at ${facts.appName} has been deleted. Nobody can sign in to it any more.`],
      closing: `If this was not you, get in touch with those who run ${facts.appName}: ${facts.appUrl}`,
    }),
};

function occasion({ at, device, address }: MailOccasion): string {
  return `When: ${at.replace('T', ' ').replace(/(?:\.\d+)?Z$/, ' UTC')}. Device: ${device}. Network address: ${address}.`;
}
