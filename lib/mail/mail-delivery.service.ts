import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { canonicalIdentifier } from '../common/email-address.js';
import { SECOND_MS } from '../common/duration.js';
import { Metrics } from '../events/metrics.service.js';
import { AuthSettings } from '../options/auth-settings.js';
import { abortable } from '../store/abortable.js';
import { backOffMs, GIVE_UP_AFTER_MS, sendDeadlineMs } from './delivery-times.js';
import type { Letter } from './letter.js';
import { logReason } from './log-reason.js';
import { MailComposers } from './mail-composers.js';
import type { ComposedMail } from './mail-composer.js';
import { MailRenderer } from './mail-renderer.js';
import { MailOutcomeUnknown, MailRefused, MailTransport, type MailMessage } from './mail-transport.js';
import { Outbox } from './outbox.js';
import { Turns } from './turns.js';
import { OutboxQueue, type ClaimedEntry } from './outbox-queue.js';

/** A mail may be handed over this often without anybody knowing what became of it. */
const MAX_UNSETTLED = 2;
/** One receiver and nothing else, whatever a transport reads addresses with. */
const ADDRESS = /^[^\s\p{C}<>()[\],;:"\\@]+@[^\s\p{C}<>()[\],;:"\\@]+$/u;
/** For a transport to say what it knows, once its time is over. */
const GRACE_MS = SECOND_MS;

/** `trouble`: sending does not work at the moment, for this mail and probably for every other. */
export type DeliveryResult = 'done' | 'later' | 'trouble' | 'lost';

/** Delivers one entry of the outbox. */
@Injectable()
export class MailDelivery {
  private readonly logger = new Logger('Gatehouse');
  /** Of two mails to one receiver the later one carries the newer token, which is the one that works. */
  private readonly turns = new Turns();

  constructor(
    private readonly queue: OutboxQueue,
    private readonly outbox: Outbox,
    private readonly composers: MailComposers,
    private readonly renderer: MailRenderer,
    private readonly transport: MailTransport,
    private readonly metrics: Metrics,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  async deliver(id: string): Promise<DeliveryResult> {
    const entry = await this.queue.claim(id);
    if (entry === undefined) return 'lost';
    const letter = this.outbox.open(entry);
    if (letter === undefined) return this.postpone(entry, 'its seal does not open: is a secret missing here?');
    if (entry.unsettled >= MAX_UNSETTLED) return this.giveUp(entry, letter, 'outcome_unknown');
    const receiver = canonicalIdentifier(letter.address ?? letter.userId ?? entry.id);
    return this.turns.take(receiver, () => this.composeAndSend(entry, letter));
  }

  private async composeAndSend(entry: ClaimedEntry, letter: Letter): Promise<DeliveryResult> {
    const mail = await this.compose(entry, letter);
    return typeof mail === 'string' ? mail : this.send(entry, letter, mail);
  }

  /** The mail, or what came of the entry where there is none. */
  private async compose(entry: ClaimedEntry, letter: Letter): Promise<ComposedMail | DeliveryResult> {
    const composer = this.composers.of(letter.kind);
    if (composer === undefined) return this.postpone(entry, `nothing here composes "${letter.kind}".`);
    try {
      const mail = await composer.compose(letter, { entryId: entry.id });
      if (mail !== undefined) return mail;
    } catch (error) {
      return this.postpone(entry, `"${letter.kind}" could not be composed: ${logReason(error)}.`);
    }
    await this.queue.finish(entry);
    return 'done';
  }

  private async send(entry: ClaimedEntry, letter: Letter, { kind, to, facts }: ComposedMail): Promise<DeliveryResult> {
    const rendered = this.renderer.render({ kind, facts }, letter.locale);
    const { from, replyTo } = this.settings.mail;
    const message = { id: entry.id, kind, from, replyTo, to, ...rendered };
    if (!ADDRESS.test(to)) return this.giveUp(entry, letter, 'no_address');
    if (!(await this.queue.handOver(entry))) return 'lost';
    try {
      await this.metrics.timed('auth_mail_delivery', { kind }, () => this.withinDeadline(message));
    } catch (error) {
      return this.failed(entry, letter, error);
    }
    await this.queue.finish(entry);
    return 'done';
  }

  /** The transport is told first, and may still say what has become of the mail. */
  private async withinDeadline(message: MailMessage): Promise<void> {
    const deadlineMs = sendDeadlineMs(this.settings.mail.timeoutMs);
    const over = AbortSignal.timeout(deadlineMs + GRACE_MS);
    const sent = Promise.resolve().then(() => this.transport.send(message, AbortSignal.timeout(deadlineMs)));
    try {
      await abortable(sent, over);
    } catch (error) {
      throw over.aborted ? new MailOutcomeUnknown('the transport does not answer') : error;
    }
  }

  private async failed(entry: ClaimedEntry, letter: Letter, error: unknown): Promise<DeliveryResult> {
    this.logger.warn(`Mail for "${letter.kind}" could not be sent: ${logReason(error)}`);
    const refused = error instanceof MailRefused;
    if (refused && error.permanent) return this.giveUp(entry, letter, 'refused');
    const isKnown = !(error instanceof MailOutcomeUnknown);
    const failures = entry.failures + (isKnown ? 1 : 0);
    const unsettled = entry.unsettled + (isKnown ? 0 : 1);
    if (unsettled >= MAX_UNSETTLED) return this.giveUp(entry, letter, 'outcome_unknown');
    const dueAt = this.clock.now() + backOffMs(failures + unsettled);
    if (dueAt > entry.createdAt + GIVE_UP_AFTER_MS) return this.giveUp(entry, letter, 'too_late');
    await this.queue.release(entry, { failures, unsettled, dueAt });
    return refused ? 'later' : 'trouble';
  }

  /** Not the mail's fault: it is not counted against it. */
  private async postpone(entry: ClaimedEntry, reason: string): Promise<DeliveryResult> {
    const postponed = entry.postponed + 1;
    this.logger.warn(`A letter of the outbox has to wait: ${reason}`);
    await this.queue.release(entry, { postponed, dueAt: this.clock.now() + backOffMs(postponed) });
    return 'later';
  }

  private async giveUp(entry: ClaimedEntry, { kind, userId }: Letter, reason: string): Promise<DeliveryResult> {
    this.logger.error(`Mail for "${kind}" is given up: ${reason}`);
    await this.queue.giveUp(entry, {
      type: 'mail.failed',
      outcome: 'failure',
      subjectId: userId,
      details: { letter: kind, reason },
    });
    return 'done';
  }
}
