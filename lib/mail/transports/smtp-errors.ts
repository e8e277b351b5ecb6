import { MailOutcomeUnknown, MailRefused } from '../mail-transport.js';

/** What nodemailer says of a delivery that failed. */
interface SmtpError {
  readonly code?: unknown;
  readonly command?: unknown;
  readonly responseCode?: unknown;
  readonly response?: unknown;
}

/** Commands whose refusal concerns this mail: its receiver, or its content. A refused sender concerns every mail. */
const OF_THIS_MAIL = ['RCPT TO', 'DATA'];
/** RFC 3463 §3.8: policy, such as "relaying denied", is for the operator to mend and lasts as long as that takes. */
const OF_POLICY = /^\d{3}[ -]5\.7\./;

/**
 * The error of a delivery in our words. Once the content has begun to leave, only an answer of the server's says what has
 * become of it. Answers of servers repeat addresses, so that nothing of them is passed on but codes.
 */
export function smtpFailure(error: unknown, contentLeft: boolean): Error {
  const { code, command, responseCode, response } = error as SmtpError;
  const status = typeof responseCode === 'number' && responseCode >= 400 ? responseCode : undefined;
  const step = typeof command === 'string' && /^[A-Z][A-Z0-9 -]*$/.test(command) ? ` at ${command}` : '';
  const reason = `SMTP ${status ?? (typeof code === 'string' ? code : 'failure')}${step}`;
  if (status === undefined && contentLeft) return new MailOutcomeUnknown(reason);
  if (status === undefined || status === 421 || !OF_THIS_MAIL.includes(String(command))) {
    return Object.assign(new Error(reason), { code });
  }
  return new MailRefused(reason, {
    permanent: status >= 500 && status !== 503 && !OF_POLICY.test(String(response)),
  });
}
