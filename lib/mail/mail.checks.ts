import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../checklist/check.js';
import { enumEvidence, hostEvidence, optionEvidence } from '../checklist/evidence.js';
import { Clock } from '../common/clock.js';
import { MINUTE_MS } from '../common/duration.js';
import { AuthSettings } from '../options/auth-settings.js';
import { MailTransport } from './mail-transport.js';
import { OutboxQueue } from './outbox-queue.js';

const OLD_MS = 15 * MINUTE_MS;

/** Whether mail leaves, and where its links lead. */
@Injectable()
export class MailChecks extends CheckSource {
  constructor(
    private readonly settings: AuthSettings,
    private readonly transport: MailTransport,
    private readonly queue: OutboxQueue,
    private readonly clock: Clock,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [...this.settingsChecks(), ...this.deliveryChecks()];
  }

  private settingsChecks(): readonly Check[] {
    return [
      {
        id: 'mail.console',
        title: 'Mail is sent, not logged',
        area: 'mail',
        severity: 'refuse',
        source: 'ASVS 5.0 V16.2.5',
        run: () => this.console(),
      },
      {
        id: 'mail.insecure-links',
        title: 'Mailed links are opened over https',
        area: 'mail',
        severity: 'refuse',
        source: 'ASVS 5.0 V12.2.1',
        run: () => this.insecureLinks(),
      },
      {
        id: 'mail.manual-jobs',
        title: 'Mail is delivered by timers of this process',
        area: 'mail',
        severity: 'note',
        source: 'Gatehouse, jobs',
        run: () => this.manualJobs(),
      },
    ];
  }

  private deliveryChecks(): readonly Check[] {
    return [
      {
        id: 'mail.reachable',
        title: 'The mail server takes mail',
        area: 'mail',
        severity: 'warn',
        source: 'RFC 5321 §3.1, RFC 3207',
        work: 'acts',
        // What it throws makes this a check that could not be done, which counts as a warning.
        run: async () => {
          await this.transport.verify();
          return passed;
        },
      },
      {
        id: 'mail.backlog',
        title: 'Mail leaves soon after it is written',
        area: 'mail',
        severity: 'warn',
        source: 'RFC 5321 §4.5.4.1',
        work: 'asks',
        run: () => this.backlog(),
      },
    ];
  }

  private console(): CheckOutcome {
    const { kind } = this.settings.mail;
    if (kind !== 'console') return passed;
    return {
      status: 'finding',
      evidence: { kind: enumEvidence(kind, ['console']) },
      change:
        'Set mail to smtp({ ... }), webhook({ ... }) or customMail({ ... }): nobody gets mail, and its links and codes are in the log.',
    };
  }

  private insecureLinks(): CheckOutcome {
    const { appUrl, links } = this.settings;
    const urls = [
      { option: optionEvidence('appUrl'), url: appUrl },
      { option: optionEvidence('links.verifyEmail'), url: links.verifyEmail },
      { option: optionEvidence('links.resetPassword'), url: links.resetPassword },
      { option: optionEvidence('links.changeEmail'), url: links.changeEmail },
      { option: optionEvidence('links.magicLink'), url: links.magicLink },
      { option: optionEvidence('links.unlock'), url: links.unlock },
    ].filter(({ url }) => url.protocol !== 'https:');
    if (urls.length === 0) return passed;
    return {
      status: 'finding',
      evidence: {
        options: urls.map(({ option }) => option),
        hosts: [...new Set(urls.map(({ url }) => hostEvidence(url)))],
      },
      change: 'Set appUrl, and what links names, to https:// addresses: whoever reads along takes the tokens.',
    };
  }

  private manualJobs(): CheckOutcome {
    const { jobs } = this.settings;
    if (jobs !== 'manual') return passed;
    return {
      status: 'finding',
      evidence: { jobs: enumEvidence(jobs, ['manual']) },
      change:
        "Call Jobs.run('outbox') every few seconds, or leave out jobs: 'manual'. Whether you do cannot be seen from here.",
    };
  }

  private async backlog(): Promise<CheckOutcome> {
    const { count, oldest } = await this.queue.pending();
    const ageMs = oldest === undefined ? 0 : this.clock.now() - oldest;
    if (ageMs <= OLD_MS) return passed;
    return {
      status: 'finding',
      evidence: { pending: count, oldestMinutes: Math.floor(ageMs / MINUTE_MS) },
      change:
        "Look for warnings about mail in the log: the server refuses it, or with jobs: 'manual' nobody runs the outbox.",
    };
  }
}
