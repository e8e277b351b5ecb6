import { Injectable, Module } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
} from '@nestjs/websockets';
import { Auth, CurrentPrincipal, Principal, Public } from '../../lib/index.js';
import { SocketSessions } from '../../lib/ws/index.js';

const answer = (data: unknown): { event: string; data: unknown } => ({ event: 'answer', data });

/** What the application was told of. */
@Injectable()
export class Seen {
  readonly events: string[] = [];
}

/** Gateways are met by every application of a spec; so what they saw is kept apart. */
@Module({ providers: [Seen], exports: [Seen] })
export class SeenModule {}

@Auth()
@WebSocketGateway()
export class ChatGateway implements OnGatewayConnection {
  constructor(
    private readonly sockets: SocketSessions,
    private readonly seen: Seen,
  ) {}

  handleConnection(client: object): void {
    this.seen.events.push(`connection of ${this.sockets.principalOf(client)?.userId ?? 'nobody'}`);
  }

  @SubscribeMessage('who') who(@CurrentPrincipal() who: Principal) {
    this.seen.events.push('who');
    return answer({ who: who.userId, via: who.via, roles: who.roles });
  }

  @SubscribeMessage('open') @Public() open() {
    this.seen.events.push('open');
    return answer('in');
  }

  @SubscribeMessage('authenticate') @Public() async renew(
    @ConnectedSocket() client: object,
    @MessageBody() token: unknown,
  ) {
    return answer({ who: (await this.sockets.authenticate(client, token)).userId });
  }

  @SubscribeMessage('admin') @Auth({ roles: ['admin'] }) admin() {
    return answer('in');
  }
}

@Auth({ roles: ['admin'] })
@WebSocketGateway({ namespace: 'admin' })
export class AdminGateway implements OnGatewayConnection {
  constructor(private readonly seen: Seen) {}

  handleConnection(): void {
    this.seen.events.push('connection to admin');
  }

  @SubscribeMessage('who') who() {
    return answer('in');
  }
}

@Public()
@WebSocketGateway({ namespace: 'open' })
export class OpenGateway {
  @SubscribeMessage('open') open() {
    return answer('in');
  }
  @SubscribeMessage('who') @Auth() who(@CurrentPrincipal() who: Principal) {
    return answer({ who: who.userId });
  }
}

/** Says nothing, and one of its messages is open. */
@WebSocketGateway({ namespace: 'mixed' })
export class MixedGateway {
  @SubscribeMessage('open') @Public() open() {
    return answer('in');
  }
  @SubscribeMessage('who') who(@CurrentPrincipal() who: Principal) {
    return answer({ who: who.userId });
  }
}

/** Says nothing, and nothing of it is open. */
@WebSocketGateway({ namespace: 'silent' })
export class SilentGateway {
  @SubscribeMessage('who') who(@CurrentPrincipal() who: Principal) {
    return answer({ who: who.userId });
  }
}

@Auth({ policy: (who, context) => who.emailVerified && context.getType<string>() === 'ws', fresh: true })
@WebSocketGateway({ namespace: 'strict' })
export class StrictGateway {}
