import { Global, Module } from '@nestjs/common';
import { GatewayGuard } from './gateway-guard.js';
import { Handshakes } from './handshakes.js';
import { SocketSessions } from './socket-sessions.service.js';
import { SocketWatch } from './socket-watch.js';

/**
 * Guards the handshakes of every gateway, disconnects sockets whose session has ended, and offers `SocketSessions`. Import
 * it once, beside `AuthModule`; it is global and has no options.
 */
@Global()
@Module({ providers: [Handshakes, SocketWatch, GatewayGuard, SocketSessions], exports: [SocketSessions] })
export class AuthSocketsModule {}
