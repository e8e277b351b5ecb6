import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from 'nestjs-gatehouse';
import { AuthSocketsModule, SocketSessions } from 'nestjs-gatehouse/ws';
import { NotesResolver } from './notes.resolver.js';
import { settings } from './settings.js';
import { User } from './user.entity.js';

const typeDefs = `
  type Note { author: String!, text: String! }
  type Query { whoAmI: String! }
  type Mutation { write(text: String!): Note! }
  type Subscription { written: Note!, reported: String! }
`;

@Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'better-sqlite3', database: ':memory:', autoLoadEntities: true, synchronize: true }),
    AuthModule.forRoot({
      userEntity: User,
      secret: settings.secret,
      baseUrl: settings.baseUrl,
      emailVerification: 'off',
    }),
    AuthSocketsModule,
    GraphQLModule.forRootAsync<ApolloDriverConfig>({
      driver: ApolloDriver,
      inject: [SocketSessions],
      useFactory: (sockets: SocketSessions) => ({
        typeDefs,
        subscriptions: { 'graphql-ws': sockets.graphqlWs() },
      }),
    }),
  ],
  providers: [NotesResolver],
})
export class AppModule {}
