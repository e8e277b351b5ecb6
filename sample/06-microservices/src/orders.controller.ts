import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { Auth, CurrentPrincipal, Principal, Public } from 'nestjs-gatehouse';

interface Order {
  readonly owner: string;
  readonly item: string;
}

/** Everybody who is signed in has orders, and sees nobody else's: the owner is the principal, never a field of a message. */
@Auth()
@Controller()
export class OrdersController {
  private orders: readonly Order[] = [];

  @MessagePattern('orders.list')
  list(@CurrentPrincipal() who: Principal): readonly Order[] {
    return this.orders.filter(({ owner }) => owner === who.userId);
  }

  @MessagePattern('orders.place')
  place(@CurrentPrincipal() who: Principal, @Payload() { item }: { item?: unknown }): Order {
    if (typeof item !== 'string' || item === '') {
      throw new RpcException({ code: 'VALIDATION_FAILED', message: 'Say what to order.', statusCode: 400 });
    }
    const order = { owner: who.userId, item };
    this.orders = [...this.orders, order];
    return order;
  }

  @EventPattern('orders.closed')
  @Auth({ roles: ['admin'] })
  close(@Payload() { owner }: { owner?: unknown }): Promise<void> {
    this.orders = this.orders.filter((order) => order.owner !== owner);
    return Promise.resolve();
  }

  @MessagePattern('health')
  @Public()
  health(): string {
    return 'up';
  }
}
