import { Controller, Get, Header, Query } from '@nestjs/common';
import { Checklist, Public } from 'nestjs-gatehouse';
import { DevelopmentMailbox } from './development-mailbox.js';
import type { KeptMail } from './kept-mail.js';

/** Part of the application outside production only: it shows the checklist, and everybody's mail, to anybody. */
@Public()
@Controller('dev')
export class DevelopmentController {
  constructor(
    private readonly checklist: Checklist,
    private readonly mailbox: DevelopmentMailbox,
  ) {}

  @Get('checklist')
  @Header('Cache-Control', 'no-store')
  report(): ReturnType<Checklist['report']> {
    return this.checklist.report();
  }

  @Get('mailbox')
  @Header('Cache-Control', 'no-store')
  mails(@Query('to') to: unknown): readonly KeptMail[] {
    return this.mailbox.read(typeof to === 'string' ? to : undefined);
  }
}
