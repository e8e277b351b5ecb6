import type { INestApplication } from '@nestjs/common';
import { setupApiDocs } from 'nestjs-gatehouse';

/** API docs at `/docs`. Swagger takes a while to load, so it is loaded only where the docs are served. */
export async function serveDocs(app: INestApplication): Promise<void> {
  const { DocumentBuilder, SwaggerModule } = await import('@nestjs/swagger');
  const config = new DocumentBuilder().setTitle('Gatehouse quickstart').setVersion('1.0').build();
  setupApiDocs(app, () => SwaggerModule.createDocument(app, config));
}
