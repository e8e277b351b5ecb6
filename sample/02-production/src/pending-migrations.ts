import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ConfigurationError } from './configuration.js';

/** A worker on yesterday's tables answers its first visitor with a 500: better no start. */
@Injectable()
export class PendingMigrations implements OnModuleInit {
  constructor(private readonly dataSource: DataSource) {}

  async onModuleInit(): Promise<void> {
    if (!(await this.dataSource.showMigrations())) return;
    throw new ConfigurationError(['the database lacks migrations: run `npm run migrate` before the workers start']);
  }
}
