import { CodeDownload, CodeOffer, CodePackQuery, OfferCode } from '../code.js';
import { operation } from './operation.js';

export const codeOperations = {
  code: {
    offer: operation({
      id: 'code.offer',
      method: 'POST',
      path: '/code',
      summary: 'Store a folder of code, or learn what of it is missing',
      access: 'task.submit',
      isOpenToTasks: true,
      body: OfferCode,
      response: CodeOffer,
      audit: 'refusals',
    }),
    storePack: operation({
      id: 'code.store-pack',
      method: 'PUT',
      path: '/code/packs/:sha256',
      summary: 'Store a pack of files of a folder of code',
      access: 'task.submit',
      isOpenToTasks: true,
      query: CodePackQuery,
      audit: 'refusals',
    }),
    ofTask: operation({
      id: 'code.of-task',
      method: 'GET',
      path: '/tasks/:uuid/code',
      summary: 'Get the folder of code that a task starts in',
      access: 'task.read',
      isOpenToTasks: true,
      response: CodeDownload,
    }),
  },
};
