import { randomUUID } from 'node:crypto';
import { BadRequestException, Body, Controller, Get, Post } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Auth, CurrentPrincipal, Principal } from 'nestjs-gatehouse';
import { Repository } from 'typeorm';
import { Note } from './note.entity.js';

const MOST = 2_000;

/** The owner is the principal, never a parameter; what the token may do is up to its scopes. */
@Auth({ via: 'bearer' })
@Controller('notes')
export class NotesController {
  constructor(@InjectRepository(Note) private readonly notes: Repository<Note>) {}

  @Get()
  @Auth({ scopes: ['notes:read'] })
  async list(@CurrentPrincipal() { userId }: Principal): Promise<{ items: Pick<Note, 'id' | 'text'>[] }> {
    const notes = await this.notes.find({ where: { userId }, order: { createdAt: 'DESC', id: 'ASC' }, take: 100 });
    return { items: notes.map(({ id, text }) => ({ id, text })) };
  }

  @Post()
  @Auth({ scopes: ['notes:write'] })
  async add(@CurrentPrincipal() { userId }: Principal, @Body('text') text: unknown): Promise<{ id: string }> {
    const note = { id: randomUUID(), userId, text: noteText(text), createdAt: Date.now() };
    await this.notes.insert(note);
    return { id: note.id };
  }
}

function noteText(value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= MOST) return value.trim();
  throw new BadRequestException({
    statusCode: 400,
    error: 'Bad Request',
    code: 'VALIDATION_FAILED',
    message: `Write the text of the note, in at most ${MOST} characters.`,
  });
}
