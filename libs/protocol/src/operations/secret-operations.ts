import { SecretList, SecretView, SetSecret } from '../secrets.js';
import { operation } from './operation.js';

export const secretOperations = {
  secrets: {
    list: operation({
      id: 'secrets.list',
      method: 'GET',
      path: '/groups/:name/secrets',
      summary: 'List the names of the secrets of a group',
      access: 'group.read',
      response: SecretList,
    }),
    set: operation({
      id: 'secrets.set',
      method: 'PUT',
      path: '/groups/:name/secrets/:secret',
      summary: 'Set a secret of a group, which nobody can read',
      access: 'group.manage',
      body: SetSecret,
      response: SecretView,
    }),
    delete: operation({
      id: 'secrets.delete',
      method: 'DELETE',
      path: '/groups/:name/secrets/:secret',
      summary: 'Delete a secret of a group',
      access: 'group.manage',
    }),
  },
};
