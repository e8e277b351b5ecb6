import { join } from 'node:path';
import { Controller, Get, Header, NotFoundException, Param, StreamableFile, applyDecorators } from '@nestjs/common';
import { Public } from 'nestjs-gatehouse';
import { readPageFiles } from './page-files.js';

const CONTENT_SECURITY_POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

const PageHeaders = (): MethodDecorator =>
  applyDecorators(
    Header('Content-Security-Policy', CONTENT_SECURITY_POLICY),
    Header('X-Content-Type-Options', 'nosniff'),
    Header('Referrer-Policy', 'same-origin'),
    Header('Cache-Control', 'no-cache'),
  );

/** The web page: files without a build step, from memory, in the same way on Express and on Fastify. */
@Public()
@Controller()
export class PageController {
  private readonly files = readPageFiles(join(import.meta.dirname, '..', '..', 'public'));

  /** The pages that mails link to are this one too: it reads the token from the fragment, which never reaches a server. */
  @Get(['', 'verify-email', 'reset-password', 'change-email', 'magic-link', 'unlock'])
  @PageHeaders()
  index(): StreamableFile {
    return this.file('index.html');
  }

  @Get('assets/:name')
  @PageHeaders()
  asset(@Param('name') name: string): StreamableFile {
    return this.file(name);
  }

  private file(name: string): StreamableFile {
    const file = this.files.get(name);
    if (!file) throw new NotFoundException();
    return new StreamableFile(file.content, { type: file.type, length: file.content.length });
  }
}
