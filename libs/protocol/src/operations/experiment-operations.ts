import { AppliedJob, ApplyJob, ExperimentText, KnownTasks, KnownTasksQuery } from '../experiments.js';
import { operation } from './operation.js';

export const experimentOperations = {
  experiments: {
    apply: operation({
      id: 'experiments.apply',
      method: 'POST',
      path: '/experiments',
      summary: 'Store the tasks of a named job that are not there',
      access: 'task.submit',
      body: ApplyJob,
      isBulky: true,
      response: AppliedJob,
    }),
    tasks: operation({
      id: 'experiments.tasks',
      method: 'GET',
      path: '/groups/:name/experiment-tasks',
      summary: 'List the tasks that a named job has',
      access: 'task.read',
      query: KnownTasksQuery,
      response: KnownTasks,
    }),
    definition: operation({
      id: 'experiments.definition',
      method: 'GET',
      path: '/jobs/:uuid/definition',
      summary: 'Return the file that describes a job',
      access: 'task.read',
      response: ExperimentText,
    }),
  },
};
