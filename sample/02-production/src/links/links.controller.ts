import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyDecorators, Controller, Get, Header, NotFoundException, Param, StreamableFile } from '@nestjs/common';
import { Public } from 'nestjs-gatehouse';

const TYPES: Readonly<Record<string, string>> = {
  'link.html': 'text/html; charset=utf-8',
  'link.js': 'text/javascript; charset=utf-8',
  'link.css': 'text/css; charset=utf-8',
};

const PageHeaders = (): MethodDecorator =>
  applyDecorators(
    Header(
      'Content-Security-Policy',
      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    Header('X-Content-Type-Options', 'nosniff'),
    Header('Referrer-Policy', 'no-referrer'),
    Header('Cache-Control', 'no-cache'),
  );

/**
 * The pages that mailed links open, one file for all of them. With pages of your own elsewhere, name those in `links` and
 * their origin in `origins`, and leave this out.
 */
@Public()
@Controller()
export class LinksController {
  private readonly files = new Map(
    Object.keys(TYPES).map((name) => [name, readFileSync(join(import.meta.dirname, '..', '..', 'public', name))]),
  );

  @Get(['verify-email', 'reset-password', 'change-email', 'magic-link', 'unlock'])
  @PageHeaders()
  page(): StreamableFile {
    return this.file('link.html');
  }

  @Get('links/:name')
  @PageHeaders()
  asset(@Param('name') name: string): StreamableFile {
    return this.file(name);
  }

  private file(name: string): StreamableFile {
    const content = this.files.get(name);
    if (content === undefined) throw new NotFoundException();
    return new StreamableFile(content, { type: TYPES[name]!, length: content.length });
  }
}
