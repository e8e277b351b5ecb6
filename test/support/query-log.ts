import type { Logger } from 'typeorm';

/** A TypeORM logger that keeps every statement. Give it as `typeorm: { logger, logging: ['query'] }`. */
export class QueryLog implements Logger {
  statements: string[] = [];

  /** Rules for addresses are read by time, whatever the request is that comes by. */
  logQuery(query: string): void {
    if (query.includes('auth_ip_rules')) return;
    this.statements.push(query);
  }

  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}
