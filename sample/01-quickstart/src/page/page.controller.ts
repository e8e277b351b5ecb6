import { join } from 'node:path';
import { Controller, Get, Header, NotFoundException, Param, StreamableFile, applyDecorators } from '@nestjs/common';
import { Public } from 'nestjs-gatehouse';
import { Configuration } from '../configuration.js';
import { readPageFiles } from './page-files.js';

/** Images from `data:` for the QR code, which no other server and no cache shall see. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

const PageHeaders = (): MethodDecorator =>
  applyDecorators(
    Header('Content-Security-Policy', CONTENT_SECURITY_POLICY),
    Header('X-Content-Type-Options', 'nosniff'),
    Header('Referrer-Policy', 'same-origin'),
    Header('Cache-Control', 'no-cache'),
  );

/** What the page cannot know from its own files. */
interface PageSettings {
  readonly baseOrigin: string;
  readonly passkeyOrigin: string;
  /** Names of the option `oauth.providers`. */
  readonly providers: readonly string[];
}

/** The web page: files without a build step, from memory, in the same way on Express and on Fastify. */
@Public()
@Controller()
export class PageController {
  private readonly files = readPageFiles(join(import.meta.dirname, '..', '..', 'public'));

  constructor(private readonly configuration: Configuration) {}

  /** The pages that mails link to are this one too: it reads the token from the fragment, which never reaches a server. */
  @Get(['', 'verify-email', 'reset-password', 'change-email', 'magic-link', 'unlock'])
  @PageHeaders()
  index(): StreamableFile {
    return this.file('index.html');
  }

  @Get('assets/settings.json')
  @PageHeaders()
  settings(): PageSettings {
    const { baseUrl, passkeyOrigin, provider } = this.configuration;
    return { baseOrigin: new URL(baseUrl).origin, passkeyOrigin, providers: provider === undefined ? [] : ['oidc'] };
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
