import { readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { Controller, Get, Header, NotFoundException, Param, StreamableFile, applyDecorators } from '@nestjs/common';
import { Public } from 'nestjs-gatehouse';

const FOLDER = join(import.meta.dirname, '..', 'public');

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const PageHeaders = (): MethodDecorator =>
  applyDecorators(
    Header('Content-Security-Policy', CONTENT_SECURITY_POLICY),
    Header('X-Content-Type-Options', 'nosniff'),
    // The provider learns where its user came from by the redirect URI, and nothing more.
    Header('Referrer-Policy', 'same-origin'),
    Header('Cache-Control', 'no-cache'),
  );

/** The page: files without a build step. Only names that are in the folder can be asked for, so no request can leave it. */
@Public()
@Controller()
export class PageController {
  private readonly files = new Map(readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name))]));

  @Get()
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
    const content = this.files.get(name);
    const type = TYPES[extname(name)];
    if (!content || !type) throw new NotFoundException();
    return new StreamableFile(content, { type, length: content.length });
  }
}
