declare module 'swagger-ui-express' {
  import type { RequestHandler } from 'express';

  interface SetupOptions {
    readonly customSiteTitle?: string;
    readonly customCss?: string;
    readonly swaggerOptions?: Readonly<Record<string, unknown>>;
  }

  const swaggerUi: {
    readonly serve: RequestHandler[];
    setup(document: object | undefined, options: SetupOptions): RequestHandler;
  };
  export default swaggerUi;
}
