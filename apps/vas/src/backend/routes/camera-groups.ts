/**
 * Groups of cameras, shared by everyone who sees one of their cameras. Nobody is told of, moves or removes a camera that
 * it may not see: an edit replaces the seen part of a group, and deleting takes the seen part away, the group itself
 * with its last camera.
 */
import { randomUUID } from "node:crypto";
import { CodedError } from "@vas/contracts/errors.ts";
import {
  CameraGroup,
  CameraGroupCreate,
  CameraGroupList,
  CameraGroupPatch,
  CameraParams,
} from "@vas/contracts/http.ts";
import { Type } from "typebox";
import type { Access } from "../access.ts";
import type { App, Backend } from "../context.ts";
import type { Grants } from "../grants.ts";
import * as store from "../store/camera-groups.ts";
import { isoTime } from "../validation.ts";

const MOST_GROUPS = 200;

export function registerCameraGroupRoutes(app: App, backend: Backend): void {
  const { db, clock, notices } = backend;
  const tags = ["cameras"];
  const params = CameraParams;
  const ofGroup: Access = {
    need: "operate",
    of: { camerasOf: (id) => store.camerasOfGroup(db, id), missing: "group_not_found" },
  };
  const changed = (...lists: string[][]) => {
    for (const camera_id of new Set(lists.flat())) notices.publish({ notice: "groups_changed", camera_id });
  };
  const find = async (id: string): Promise<store.StoredGroup> => {
    const group = await store.groupById(db, id.toLowerCase());
    if (!group) throw new CodedError("group_not_found");
    return group;
  };

  app.get(
    "/api/v1/camera-groups",
    { config: { access: { need: "view", of: "listed" } }, schema: { tags, response: { 200: CameraGroupList } } },
    async ({ caller: { grants } }) => ({
      items: (await store.listGroups(db)).flatMap((group) => {
        const shown = shownTo(grants, group);
        return shown.camera_ids.length > 0 || grants.cameras === "all" ? [shown] : [];
      }),
    }),
  );
  app.post(
    "/api/v1/camera-groups",
    {
      config: { access: { need: "operate", of: "site" } },
      schema: { tags, body: CameraGroupCreate, response: { 201: CameraGroup } },
    },
    async ({ body, caller: { grants } }, reply) => {
      if ((await store.listGroups(db)).length >= MOST_GROUPS)
        throw new CodedError("group_limit", `There are ${MOST_GROUPS} groups already.`);
      const now = clock.wallMs();
      const group = { id: randomUUID(), name: body.name.trim(), created_at: now, updated_at: now };
      const camera_ids = seenIds(grants, body.camera_ids);
      if (!(await store.storeGroup(db, group, camera_ids))) throw new CodedError("camera_not_found");
      changed(camera_ids);
      return reply.code(201).send(shownTo(grants, { ...group, camera_ids }));
    },
  );
  app.patch(
    "/api/v1/camera-groups/:id",
    { config: { access: ofGroup }, schema: { tags, params, body: CameraGroupPatch, response: { 200: CameraGroup } } },
    async ({ body, params, caller: { grants } }) => {
      const old = await find(params.id);
      const hidden = old.camera_ids.filter((id) => !grants.sees(id));
      const camera_ids = body.camera_ids ? [...seenIds(grants, body.camera_ids), ...hidden] : old.camera_ids;
      const { id, created_at } = old;
      const group = { id, name: body.name?.trim() ?? old.name, created_at, updated_at: clock.wallMs() };
      if (!(await store.storeGroup(db, group, camera_ids))) throw new CodedError("camera_not_found");
      changed(old.camera_ids, camera_ids);
      return shownTo(grants, { ...group, camera_ids });
    },
  );
  app.delete(
    "/api/v1/camera-groups/:id",
    { config: { access: ofGroup }, schema: { tags, params, response: { 204: Type.Null() } } },
    async ({ params, caller: { grants } }, reply) => {
      const { camera_ids, ...group } = await find(params.id);
      const hidden = camera_ids.filter((id) => !grants.sees(id));
      if (hidden.length === 0) await store.deleteGroup(db, group.id);
      else await store.storeGroup(db, { ...group, updated_at: clock.wallMs() }, hidden);
      changed(camera_ids);
      return reply.code(204).send(null);
    },
  );
}

/** @throws CodedError camera_not_found where one of them may not be seen */
function seenIds(grants: Grants, ids: string[]): string[] {
  const wanted = [...new Set(ids.map((id) => id.toLowerCase()))];
  if (!wanted.every((id) => grants.sees(id))) throw new CodedError("camera_not_found");
  return wanted;
}

function shownTo(grants: Grants, group: store.StoredGroup): CameraGroup {
  return {
    id: group.id,
    name: group.name,
    camera_ids: group.camera_ids.filter((id) => grants.sees(id)),
    created_at: isoTime(group.created_at),
    updated_at: isoTime(group.updated_at),
  };
}
