import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { OrderInput } from './order-input.js';
import { Order } from './order.entity.js';

const PAGE = 100;

export interface OrderAnswer {
  readonly id: string;
  readonly item: string;
  readonly quantity: number;
  readonly createdAt: string;
}

@Injectable()
export class OrdersService {
  constructor(@InjectRepository(Order) private readonly orders: Repository<Order>) {}

  async list(userId: string): Promise<OrderAnswer[]> {
    const orders = await this.orders.find({ where: { userId }, order: { createdAt: 'DESC', id: 'ASC' }, take: PAGE });
    return orders.map(answer);
  }

  async listAll(): Promise<OrderAnswer[]> {
    return (await this.orders.find({ order: { createdAt: 'DESC', id: 'ASC' }, take: PAGE })).map(answer);
  }

  async add(userId: string, input: OrderInput): Promise<OrderAnswer> {
    const order = { id: randomUUID(), userId, ...input, createdAt: Date.now() };
    await this.orders.insert(order);
    return answer(order);
  }
}

function answer({ id, item, quantity, createdAt }: Order): OrderAnswer {
  return { id, item, quantity, createdAt: new Date(createdAt).toISOString() };
}
