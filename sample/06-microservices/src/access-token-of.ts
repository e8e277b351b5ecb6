import type { ExecutionContext } from '@nestjs/common';

/** TCP has no headers, so the token travels in the message. With NATS, RabbitMQ or gRPC it belongs into their metadata. */
export function accessTokenOf(context: ExecutionContext): string | undefined {
  return context.switchToRpc().getData<{ accessToken?: string } | undefined>()?.accessToken;
}
