import { Args, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { PubSub } from 'graphql-subscriptions';
import { Auth, CurrentPrincipal, Principal } from 'nestjs-gatehouse';

interface Note {
  readonly author: string;
  readonly text: string;
}

@Auth()
@Resolver()
export class NotesResolver {
  private readonly bus = new PubSub();

  @Query('whoAmI')
  whoAmI(@CurrentPrincipal() who: Principal): string {
    return who.userId;
  }

  @Mutation('write')
  async write(@CurrentPrincipal() who: Principal, @Args('text') text: string): Promise<Note> {
    const note = { author: who.userId, text: text.slice(0, 2_000) };
    await this.bus.publish('written', { written: note });
    return note;
  }

  @Subscription('written')
  written(): AsyncIterator<unknown> {
    return this.bus.asyncIterableIterator('written');
  }

  @Subscription('reported')
  @Auth({ roles: ['admin'] })
  reported(): AsyncIterator<unknown> {
    return this.bus.asyncIterableIterator('reported');
  }
}
