import { OAuthErrorFilter } from '../../http/oauth-error.filter.js';
import { defineFeature } from '../define-feature.js';
import { CodeSignIn } from './code-sign-in.service.js';
import { HostStrategy } from './host-strategy.js';
import { TokenController } from './token.controller.js';
import { TokenIntrospection } from './token-introspection.service.js';
import { Tokens } from './tokens.service.js';

export const bearer = defineFeature({
  name: 'bearer',
  controllers: [TokenController],
  providers: [Tokens, CodeSignIn, TokenIntrospection, HostStrategy, OAuthErrorFilter],
  exports: [Tokens],
});
