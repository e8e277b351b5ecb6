import { Body, Controller, Get, Post } from '@nestjs/common';
import { Auth, CurrentPrincipal, Principal } from 'nestjs-gatehouse';
import { orderInput } from './order-input.js';
import { OrdersService, type OrderAnswer } from './orders.service.js';

/** Whoever is signed in has orders, and sees nobody else's; an administrator sees all. */
@Auth()
@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get()
  async list(@CurrentPrincipal() who: Principal): Promise<{ items: OrderAnswer[] }> {
    return { items: await this.orders.list(who.userId) };
  }

  @Get('all')
  @Auth({ roles: ['admin'] })
  async listAll(): Promise<{ items: OrderAnswer[] }> {
    return { items: await this.orders.listAll() };
  }

  @Post()
  add(@CurrentPrincipal() who: Principal, @Body() body: unknown): Promise<OrderAnswer> {
    return this.orders.add(who.userId, orderInput(body));
  }
}
