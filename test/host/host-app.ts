import {
  BadRequestException,
  Body,
  Catch,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  Post,
  Req,
  RequestMethod,
  Res,
  UnauthorizedException,
  ValidationPipe,
  Version,
  VersioningType,
  type ArgumentsHost,
  type BeforeApplicationShutdown,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, HttpAdapterHost } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  SkipThrottle,
  Throttle,
  ThrottlerGuard,
  ThrottlerModule,
  getOptionsToken,
  getStorageToken,
  type ThrottlerModuleOptions,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import { IsInt, IsString } from 'class-validator';
import { map, type Observable } from 'rxjs';
import type { Importable } from '../module/kit.js';

/** In the order in which they happened, since the test last looked. */
export const trace: string[] = [];

type HostRequest = { user?: unknown; headers: Record<string, string | undefined>; raw?: object };
type HostResponse = { header(name: string, value: string): unknown; append?(name: string, value: string): unknown };

class NoteDto {
  @IsString()
  text!: string;

  @IsInt()
  stars!: number;
}

class OutOfInk extends Error {}

@Injectable()
class Inbox
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly received: unknown[] = [];

  @OnEvent('note.added')
  onNote(payload: unknown): void {
    this.received.push(payload);
  }

  onModuleInit = (): void => void trace.push('init');
  onApplicationBootstrap = (): void => void trace.push('bootstrap');
  onModuleDestroy = (): void => void trace.push('destroy');
  beforeApplicationShutdown = (signal?: string): void => void trace.push(`before shutdown ${signal}`);
  onApplicationShutdown = (signal?: string): void => void trace.push(`shutdown ${signal}`);
}

/** A host that knows nothing of authentication: it says who the user is by a header of its own. */
@Controller({ path: 'notes', version: '1' })
export class HostNotesController {
  constructor(
    private readonly events: EventEmitter2,
    private readonly inbox: Inbox,
  ) {}

  @Get()
  list(): object {
    return { notes: [] };
  }

  @Get()
  @Version('2')
  listAnew(): object {
    return { items: [] };
  }

  @Get('limited')
  @Throttle({ default: { limit: 3, ttl: 60_000 } })
  limited(): object {
    return { limited: true };
  }

  @Get('unlimited')
  @SkipThrottle()
  unlimited(): object {
    return { limited: false };
  }

  @Get('user')
  user(@Req() request: HostRequest): object {
    return { user: request.user ?? null };
  }

  @Get('cookies')
  cookies(@Req() request: HostRequest, @Res({ passthrough: true }) response: HostResponse): object {
    response.header('Set-Cookie', 'theme=dark; Path=/');
    return { cookie: request.headers['cookie'] ?? null };
  }

  @Get('broken')
  broken(): never {
    throw new OutOfInk();
  }

  @Get('refused')
  refused(): never {
    throw new BadRequestException({ why: 'the host says so' });
  }

  @Get('slow')
  async slow(): Promise<object> {
    trace.push('slow begins');
    await new Promise((resolve) => setTimeout(resolve, 200));
    trace.push('slow ends');
    return { slow: true };
  }

  @Get('inbox')
  received(): object {
    return { received: this.inbox.received };
  }

  @Get('by/:id')
  one(@Param('id') id: string): object {
    return { id };
  }

  @Post()
  add(@Body() note: NoteDto): object {
    this.events.emit('note.added', { text: note.text });
    return { note, made: note instanceof NoteDto };
  }
}

@Controller('health')
export class HostHealthController {
  @Get()
  health(): object {
    return { up: true };
  }
}

/** The host's own user, on the request where passport would put one. */
@Injectable()
class FirstGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    trace.push('first guard');
    const request = context.switchToHttp().getRequest<HostRequest>();
    const name = request.headers['x-host-user'];
    if (name !== undefined) request.user = { name };
    if (name === 'nobody') throw new UnauthorizedException('the host knows nobody of that name');
    return true;
  }
}

@Injectable()
class LastGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    trace.push('last guard');
    return context.switchToHttp().getRequest<HostRequest>().headers['x-closed'] === undefined;
  }
}

/** Takes what the host's global modules give, without importing them. */
@Controller({ path: 'given', version: '1' })
export class HostGivenController {
  constructor(
    @Inject(getOptionsToken()) private readonly limits: ThrottlerModuleOptions,
    @Inject(getStorageToken()) private readonly storage: ThrottlerStorage,
    private readonly events: EventEmitter2,
  ) {}

  @Get()
  given(): object {
    return { limits: this.limits, storage: this.storage.constructor.name, events: this.events.eventNames() };
  }
}

@Module({ controllers: [HostGivenController], providers: [{ provide: APP_GUARD, useClass: LastGuard }] })
class LastModule {}

@Injectable()
class Envelope implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const response = context.switchToHttp().getResponse<HostResponse>();
    response.header('X-Host', 'yes');
    if (response.append === undefined) response.header('Set-Cookie', 'seen=1; Path=/');
    else response.append('Set-Cookie', 'seen=1; Path=/');
    return next.handle().pipe(map((data: unknown) => ({ data, host: true })));
  }
}

@Catch(OutOfInk)
class InkFilter implements ExceptionFilter {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(_: OutOfInk, host: ArgumentsHost): void {
    this.adapterHost.httpAdapter.reply(host.switchToHttp().getResponse(), { ink: 'none' }, 418);
  }
}

/** The host; AuthModule, if any, is imported before its own modules or after them. */
export function hostModule(before: readonly Importable[], after: readonly Importable[] = []): Type {
  @Module({
    imports: [
      ...before,
      ThrottlerModule.forRoot([{ name: 'default', ttl: 60_000, limit: 50 }]),
      EventEmitterModule.forRoot(),
      ...after,
      LastModule,
    ],
    controllers: [HostNotesController, HostHealthController],
    providers: [
      Inbox,
      { provide: APP_GUARD, useClass: FirstGuard },
      { provide: APP_GUARD, useClass: ThrottlerGuard },
      { provide: APP_INTERCEPTOR, useClass: Envelope },
      { provide: APP_FILTER, useClass: InkFilter },
      {
        provide: APP_PIPE,
        useValue: new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
      },
    ],
  })
  class HostAppModule {}
  return HostAppModule;
}

export function prepareHost(app: INestApplication): void {
  app.setGlobalPrefix('api', { exclude: [{ path: 'health', method: RequestMethod.GET }] });
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
}
