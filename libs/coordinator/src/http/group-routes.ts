import { Router } from 'express';
import {
  CreateGroup,
  GroupPage,
  GroupQuery,
  GroupView,
  MemberList,
  UpdateGroup,
  UpdateMembers,
  UpdateQuotas,
} from '@mitosis/protocol';
import type { Groups } from '../access/groups.js';
import type { Members } from '../access/members.js';
import type { Authenticator } from '../auth/authenticator.js';
import { nameParam } from './parse-request.js';

export interface GroupRouteDeps {
  readonly authenticator: Authenticator;
  readonly groups: Groups;
  readonly members: Members;
}

export function groupRoutes({ authenticator, groups, members }: GroupRouteDeps): Router {
  const routes = Router();
  routes.get('/groups', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(GroupPage.parse(await groups.query(actor, GroupQuery.parse(req.query))));
  });
  routes.post('/groups', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const group = await groups.create(actor, CreateGroup.parse(req.body).name);
    res.status(201).location(`/groups/${group.name}`).json(GroupView.parse(group));
  });
  routes.get('/groups/:name', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(GroupView.parse(await groups.get(actor, nameParam(req, 'name'))));
  });
  routes.patch('/groups/:name', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(GroupView.parse(await groups.update(actor, nameParam(req, 'name'), UpdateGroup.parse(req.body))));
  });
  routes.delete('/groups/:name', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    await groups.remove(actor, nameParam(req, 'name'));
    res.status(204).end();
  });
  routes.put('/groups/:name/quotas', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(GroupView.parse(await groups.setQuotas(actor, nameParam(req, 'name'), UpdateQuotas.parse(req.body))));
  });
  routes.get('/groups/:name/members', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(MemberList.parse(await members.list(actor, nameParam(req, 'name'))));
  });
  routes.put('/groups/:name/members', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(
      MemberList.parse(await members.update(actor, nameParam(req, 'name'), UpdateMembers.parse(req.body).members)),
    );
  });
  routes.delete('/groups/:name/members/:username', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    await members.remove(actor, nameParam(req, 'name'), nameParam(req, 'username'));
    res.status(204).end();
  });
  return routes;
}
