import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** Decorators on a method, as the compiler would apply them. */
export function decorate(type, name, ...decorators) {
  for (const decorator of decorators.reverse()) {
    decorator(type.prototype, name, Object.getOwnPropertyDescriptor(type.prototype, name));
  }
}

/** The one route that everybody serves: `GET /hello` answers one small object. */
export function helloController(...decorators) {
  class HelloController {
    hello() {
      return { hello: 'world' };
    }
  }
  Controller()(HelloController);
  decorate(HelloController, 'hello', Get('hello'), ...decorators);
  return HelloController;
}

/** A root module without a class body to write. */
export function rootModule(metadata) {
  class RootModule {}
  Module(metadata)(RootModule);
  return RootModule;
}

/** Nest as people start it, silent, on a port of its own. */
export async function listen(module, adapter, { options = {}, before } = {}) {
  const http = adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(module, http, { logger: ['error'], abortOnError: false, ...options });
  await before?.(app);
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1').replace('localhost', '127.0.0.1');
  return { app, url };
}
