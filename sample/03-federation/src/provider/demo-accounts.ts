import { randomUUID } from 'node:crypto';

export interface DemoAccount {
  readonly sub: string;
  readonly name: string;
  readonly email: string;
  /** Whether the provider has made sure of the address. */
  readonly emailVerified: boolean;
}

const account = (name: string, email: string, emailVerified: boolean): DemoAccount => ({
  sub: randomUUID(),
  name,
  email,
  emailVerified,
});

/** Made anew at every start. No password: this provider believes everybody. */
export const DEMO_ACCOUNTS: readonly DemoAccount[] = [
  account('Ada', 'ada@example.com', true),
  account('Bea', 'bea@example.com', true),
  account('Cleo', 'cleo@example.com', false),
];

export const demoAccount = (sub: unknown): DemoAccount | undefined =>
  DEMO_ACCOUNTS.find((candidate) => candidate.sub === sub);
