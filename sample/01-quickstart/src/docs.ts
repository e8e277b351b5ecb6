import type { INestApplication } from '@nestjs/common';
import { describeAuth } from 'nestjs-gatehouse';

/** API docs at `/docs`. Swagger takes a while to load, so it is loaded only where the docs are served. */
export async function serveDocs(app: INestApplication): Promise<void> {
  const { DocumentBuilder, SwaggerModule } = await import('@nestjs/swagger');
  const config = new DocumentBuilder().setTitle('Gatehouse quickstart').setVersion('1.0').build();
  // A factory, because the rules of the routes are known only after the application has been initialised.
  const document = () => {
    const described = SwaggerModule.createDocument(app, config);
    describeAuth(app, described);
    return described;
  };
  SwaggerModule.setup('docs', app, document);
}
