import { openApiDocument } from '@mitosis/protocol';
import { Router } from 'express';
import swaggerUi from 'swagger-ui-express';

const VERSION = '0.1.0';

/** `/openapi.json`: the API for programs. */
export function openApiRoutes(): Router {
  const routes = Router();
  let document: object | undefined;
  routes.get('/openapi.json', (_req, res) => void res.json((document ??= openApiDocument(VERSION))));
  return routes;
}

/** `/docs`: the API for people. All parts of the page come from here; nothing is fetched from elsewhere. */
export function docsPage(): Router {
  const routes = Router();
  const page = swaggerUi.setup(undefined, { customSiteTitle: 'Mitosis API', swaggerOptions: { url: '/openapi.json', validatorUrl: null } });
  routes.use('/docs', ...swaggerUi.serve, page);
  return routes;
}
