import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Configuration, ConfigurationError } from './configuration.js';

/** Without `synchronize` nothing makes a missing table: better no start than a 500 for the first visitor. */
@Injectable()
export class SchemaCheck implements OnModuleInit {
  constructor(
    private readonly configuration: Configuration,
    private readonly dataSource: DataSource,
  ) {}

  async onModuleInit(): Promise<void> {
    if (!this.configuration.production) return;
    const { upQueries } = await this.dataSource.driver.createSchemaBuilder().log();
    if (upQueries.length === 0) return;
    throw new ConfigurationError([
      `The tables lag ${upQueries.length} statements behind the entities: add a migration to migrations/, as the README says`,
    ]);
  }
}
