import { Router } from 'express';
import swaggerUi from 'swagger-ui-express';
import { VERSION } from '@mitosis/domain';
import { openApiDocument, operations } from '@mitosis/protocol';
import type { ApiRouter } from './api-router.js';

/** Nothing above the title, and no choice of servers where there is one. */
const STYLE = `
  .swagger-ui .topbar, .swagger-ui .servers-title, .swagger-ui .servers { display: none }
  .swagger-ui .info { margin: 24px 0 }`;

/** `/openapi.json`: the API for programs. */
export function openApiRoutes(api: ApiRouter): void {
  let document: object | undefined;
  api.mountRaw(operations.service.openapi, async ({ res }) => void res.json((document ??= openApiDocument(VERSION))));
}

/** `/docs`: the API for people. All parts of the page come from here; nothing is fetched from elsewhere. */
export function docsPage(): Router {
  const routes = Router();
  const page = swaggerUi.setup(undefined, {
    customSiteTitle: 'Mitosis API',
    customCss: STYLE,
    swaggerOptions: {
      url: '/openapi.json',
      validatorUrl: null,
      docExpansion: 'none',
      filter: true,
      tagsSorter: 'alpha',
      displayRequestDuration: true,
    },
  });
  routes.use('/docs', ...swaggerUi.serve, page);
  return routes;
}
