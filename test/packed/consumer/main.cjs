'use strict';

require('reflect-metadata');
const { serve } = require('./application.cjs');

const platform = require(process.env.PLATFORM);

void serve({
  common: require('@nestjs/common'),
  core: require('@nestjs/core'),
  nestTypeorm: require('@nestjs/typeorm'),
  typeorm: require('typeorm'),
  gatehouse: require('nestjs-gatehouse'),
  Adapter: platform.ExpressAdapter ?? platform.FastifyAdapter,
});
