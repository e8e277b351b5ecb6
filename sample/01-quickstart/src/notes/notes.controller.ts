import { Body, Controller, Get, Post } from '@nestjs/common';
import { Auth, CurrentPrincipal, Principal } from 'nestjs-gatehouse';
import { noteText } from './note-text.js';
import { NotesService, type NoteAnswer } from './notes.service.js';

/** Everybody who is signed in has notes, and sees nobody else's: the owner is the principal, never a parameter. */
@Auth()
@Controller('notes')
export class NotesController {
  constructor(private readonly notes: NotesService) {}

  @Get()
  async list(@CurrentPrincipal() who: Principal): Promise<{ items: NoteAnswer[] }> {
    return { items: await this.notes.list(who.userId) };
  }

  @Post()
  add(@CurrentPrincipal() who: Principal, @Body() body: unknown): Promise<NoteAnswer> {
    return this.notes.add(who.userId, noteText(body));
  }
}
