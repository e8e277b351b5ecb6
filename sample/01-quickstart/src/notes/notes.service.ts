import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Note } from './note.entity.js';

export interface NoteAnswer {
  readonly id: string;
  readonly text: string;
  readonly createdAt: string;
}

@Injectable()
export class NotesService {
  constructor(@InjectRepository(Note) private readonly notes: Repository<Note>) {}

  async list(userId: string): Promise<NoteAnswer[]> {
    const notes = await this.notes.find({ where: { userId }, order: { createdAt: 'DESC', id: 'ASC' }, take: 100 });
    return notes.map(answer);
  }

  async add(userId: string, text: string): Promise<NoteAnswer> {
    const note = { id: randomUUID(), userId, text, createdAt: Date.now() };
    await this.notes.insert(note);
    return answer(note);
  }

  count(): Promise<number> {
    return this.notes.count();
  }
}

function answer({ id, text, createdAt }: Note): NoteAnswer {
  return { id, text, createdAt: new Date(createdAt).toISOString() };
}
