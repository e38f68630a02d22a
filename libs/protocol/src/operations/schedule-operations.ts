import { CreateSchedule, SchedulePage, ScheduleQuery, ScheduleView } from '../schedules.js';
import { operation } from './operation.js';

export const scheduleOperations = {
  schedules: {
    create: operation({
      id: 'schedules.create',
      method: 'POST',
      path: '/schedules',
      summary: 'Create a schedule that submits jobs at its times',
      access: 'task.submit',
      body: CreateSchedule,
      isBulky: true,
      response: ScheduleView,
      status: 201,
    }),
    query: operation({
      id: 'schedules.query',
      method: 'GET',
      path: '/schedules',
      summary: 'List schedules',
      access: 'user',
      query: ScheduleQuery,
      response: SchedulePage,
    }),
    get: operation({
      id: 'schedules.get',
      method: 'GET',
      path: '/schedules/:uuid',
      summary: 'Show a schedule, its next times and its last runs',
      access: 'task.read',
      response: ScheduleView,
    }),
    pause: operation({
      id: 'schedules.pause',
      method: 'POST',
      path: '/schedules/:uuid/pause',
      summary: 'Let a schedule submit nothing until it is resumed',
      access: 'task.manage',
      response: ScheduleView,
    }),
    resume: operation({
      id: 'schedules.resume',
      method: 'POST',
      path: '/schedules/:uuid/resume',
      summary: 'Let a schedule continue with its next time',
      access: 'task.manage',
      response: ScheduleView,
    }),
    runNow: operation({
      id: 'schedules.run-now',
      method: 'POST',
      path: '/schedules/:uuid/run-now',
      summary: 'Submit the jobs of a schedule now',
      access: 'task.submit',
      response: ScheduleView,
    }),
    delete: operation({
      id: 'schedules.delete',
      method: 'DELETE',
      path: '/schedules/:uuid',
      summary: 'Delete a schedule; its jobs stay',
      access: 'task.manage',
    }),
  },
};
