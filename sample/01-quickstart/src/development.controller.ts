import { Controller, Get, Header } from '@nestjs/common';
import { Checklist, Public } from 'nestjs-gatehouse';

/** Part of the application outside production only: it shows the checklist to anybody. */
@Public()
@Controller('dev')
export class DevelopmentController {
  constructor(private readonly checklist: Checklist) {}

  @Get('checklist')
  @Header('Cache-Control', 'no-store')
  report(): ReturnType<Checklist['report']> {
    return this.checklist.report();
  }
}
