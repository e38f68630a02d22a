import {
  ChangeReceiver,
  CreatedReceiver,
  CreateReceiver,
  DeliveryPage,
  DeliveryQuery,
  DeliveryView,
  ReceiverList,
  ReceiverQuery,
  ReceiverView,
} from '../receivers.js';
import { operation } from './operation.js';

export const receiverOperations = {
  receivers: {
    list: operation({
      id: 'receivers.list',
      method: 'GET',
      path: '/receivers',
      summary: 'List the receivers of notifications of the caller or of a group',
      access: 'user',
      query: ReceiverQuery,
      response: ReceiverList,
    }),
    create: operation({
      id: 'receivers.create',
      method: 'POST',
      path: '/receivers',
      summary: 'Add a receiver of notifications',
      access: 'user',
      body: CreateReceiver,
      response: CreatedReceiver,
      status: 201,
    }),
    change: operation({
      id: 'receivers.change',
      method: 'PATCH',
      path: '/receivers/:uuid',
      summary: 'Change what a receiver is told of, or pause it',
      access: 'user',
      body: ChangeReceiver,
      response: ReceiverView,
    }),
    delete: operation({
      id: 'receivers.delete',
      method: 'DELETE',
      path: '/receivers/:uuid',
      summary: 'Delete a receiver with what still waits for it',
      access: 'user',
    }),
    test: operation({
      id: 'receivers.test',
      method: 'POST',
      path: '/receivers/:uuid/test',
      summary: 'Send a receiver a test message and wait for the first attempt',
      access: 'user',
      response: DeliveryView,
    }),
    deliveries: operation({
      id: 'receivers.deliveries',
      method: 'GET',
      path: '/receivers/:uuid/deliveries',
      summary: 'List the messages to a receiver, newest first',
      access: 'user',
      query: DeliveryQuery,
      response: DeliveryPage,
    }),
  },
};
