import 'reflect-metadata';
import * as common from '@nestjs/common';
import * as core from '@nestjs/core';
import * as nestTypeorm from '@nestjs/typeorm';
import * as typeorm from 'typeorm';
import * as gatehouse from 'nestjs-gatehouse';
import { serve } from './application.cjs';

const platform = await import(process.env.PLATFORM);

await serve({
  common,
  core,
  nestTypeorm,
  typeorm,
  gatehouse,
  Adapter: platform.ExpressAdapter ?? platform.FastifyAdapter,
});
