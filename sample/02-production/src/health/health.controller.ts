import { Controller, Get, Header } from '@nestjs/common';
import { Public } from 'nestjs-gatehouse';
import { Configuration } from '../configuration.js';

/**
 * Whether this worker answers at all. It asks neither PostgreSQL nor Redis: while one of them is away every worker would
 * fail at once, and a proxy that takes all of them out turns a 503 with `Retry-After` into no answer.
 */
@Controller('health')
export class HealthController {
  constructor(private readonly configuration: Configuration) {}

  @Get()
  @Public()
  @Header('Cache-Control', 'no-store')
  read(): { status: 'ok'; instance: string } {
    return { status: 'ok', instance: this.configuration.instance };
  }
}
