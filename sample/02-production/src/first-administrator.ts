import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Accounts } from 'nestjs-gatehouse';
import { Configuration } from './configuration.js';

/** `ADMIN_EMAIL` and `ADMIN_PASSWORD` make the first administrator, once, whichever worker is faster. */
@Injectable()
export class FirstAdministrator implements OnApplicationBootstrap {
  constructor(
    private readonly configuration: Configuration,
    private readonly accounts: Accounts,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { administrator } = this.configuration;
    if (administrator) await this.accounts.createAdministrator(administrator);
  }
}
