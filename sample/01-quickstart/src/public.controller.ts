import { Controller, Get } from '@nestjs/common';
import { Public } from 'nestjs-gatehouse';

/** Routes are protected unless they say otherwise; this one does. */
@Controller('public')
export class PublicController {
  @Get()
  @Public()
  read(): { message: string } {
    return { message: 'Anybody may read this.' };
  }
}
