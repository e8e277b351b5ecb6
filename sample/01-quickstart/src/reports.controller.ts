import { Controller, Get } from '@nestjs/common';
import { Auth } from 'nestjs-gatehouse';
import { NotesService } from './notes/notes.service.js';

@Controller('reports')
export class ReportsController {
  constructor(private readonly notes: NotesService) {}

  @Get()
  @Auth({ roles: ['admin'] })
  async read(): Promise<{ notes: number }> {
    return { notes: await this.notes.count() };
  }
}
