import type { ExecutionContext, Type } from '@nestjs/common';

const PATTERN = 'handleConnection';

/** What policies of a class rule are asked with at the handshake, where Nest itself makes no context. */
export class HandshakeContext implements ExecutionContext {
  private readonly args: readonly unknown[];

  constructor(
    private readonly gateway: Type,
    socket: object,
  ) {
    this.args = [socket, undefined, PATTERN];
  }

  getType<TContext extends string>(): TContext {
    return 'ws' as TContext;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- Nest's own signature
  getClass<T = any>(): Type<T> {
    return this.gateway as Type<T>;
  }

  getHandler(): ReturnType<ExecutionContext['getHandler']> {
    const { handleConnection } = this.gateway.prototype as { handleConnection?: (...args: unknown[]) => unknown };
    return handleConnection ?? nothing;
  }

  getArgs<T>(): T {
    return [...this.args] as T;
  }

  getArgByIndex<T>(index: number): T {
    return this.args[index] as T;
  }

  switchToWs(): ReturnType<ExecutionContext['switchToWs']> {
    return {
      getClient: <T>() => this.args[0] as T,
      getData: <T>() => undefined as T,
      getPattern: () => PATTERN,
    };
  }

  switchToHttp(): never {
    throw new Error('A socket that is being opened has no HTTP context.');
  }

  switchToRpc(): never {
    throw new Error('A socket that is being opened has no RPC context.');
  }
}

function nothing(): void {}
