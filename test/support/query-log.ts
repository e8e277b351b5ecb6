import type { Logger } from 'typeorm';

/** A TypeORM logger that keeps every statement. Give it as `typeorm: { logger, logging: ['query'] }`. */
export class QueryLog implements Logger {
  statements: string[] = [];

  logQuery(query: string): void {
    this.statements.push(query);
  }

  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}
