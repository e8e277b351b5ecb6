import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
  type OnGatewayConnection,
} from '@nestjs/websockets';
import { Auth, CurrentPrincipal, Principal, Public } from 'nestjs-gatehouse';
import { SocketSessions } from 'nestjs-gatehouse/ws';
import type { Server, Socket } from 'socket.io';

/** `@Auth()` refuses anonymous clients at the handshake, so everybody in here is signed in. */
@Auth()
@WebSocketGateway()
export class ChatGateway implements OnGatewayConnection {
  @WebSocketServer() private readonly server!: Server;

  constructor(private readonly sockets: SocketSessions) {}

  async handleConnection(client: Socket): Promise<void> {
    const who = this.sockets.principalOf(client);
    if (who) await client.join(`user:${who.userId}`);
  }

  /** To everybody. Who says it is the principal, never a field of the message. */
  @SubscribeMessage('say')
  say(@CurrentPrincipal() who: Principal, @MessageBody() text: unknown): void {
    this.server.emit('said', { from: who.userId, text: chatText(text) });
  }

  /** To the sender's own devices alone. */
  @SubscribeMessage('note')
  note(@CurrentPrincipal() who: Principal, @MessageBody() text: unknown): void {
    this.server.to(`user:${who.userId}`).emit('noted', { text: chatText(text) });
  }

  @SubscribeMessage('announce')
  @Auth({ roles: ['admin'] })
  announce(@MessageBody() text: unknown): void {
    this.server.emit('announced', { text: chatText(text) });
  }

  /** Open, because it is the token in it that decides. */
  @SubscribeMessage('authenticate')
  @Public()
  async authenticate(@ConnectedSocket() client: Socket, @MessageBody() accessToken: unknown): Promise<object> {
    const who = await this.sockets.authenticate(client, accessToken);
    return { event: 'authenticated', data: { userId: who.userId } };
  }
}

function chatText(value: unknown): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 2_000) return value;
  throw new WsException({ code: 'VALIDATION_FAILED', message: 'Say something, in at most 2,000 characters.' });
}
