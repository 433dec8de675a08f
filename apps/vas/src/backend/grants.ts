/**
 * What a caller may do, and with which cameras. Deciding is here; asking is access.ts for every route and
 * signaling/live.ts for every message. An object of a camera is its camera's: there are no rights on the object itself.
 */
import type { Permission, Role } from "@vas/contracts/http.ts";

const PERMISSIONS: Record<Role, readonly Permission[]> = {
  administrator: ["view", "operate", "administer"],
  operator: ["view", "operate"],
  viewer: ["view"],
};

export class Grants {
  readonly role: Role;
  /** Ids in lower case, or every camera, also those to come. */
  readonly cameras: "all" | ReadonlySet<string>;

  /** @param cameras of an administrator they do not matter: it has all */
  constructor(role: Role, cameras: "all" | Iterable<string>) {
    this.role = role;
    this.cameras = role === "administrator" || cameras === "all" ? "all" : new Set(cameras);
  }

  get permissions(): readonly Permission[] {
    return PERMISSIONS[this.role];
  }

  may(need: Permission): boolean {
    return PERMISSIONS[this.role].includes(need);
  }

  sees(cameraId: string): boolean {
    return this.cameras === "all" || this.cameras.has(cameraId.toLowerCase());
  }

  /** For a query: undefined is no restriction. */
  cameraIds(): string[] | undefined {
    return this.cameras === "all" ? undefined : [...this.cameras];
  }

  equals(other: Grants): boolean {
    if (this.role !== other.role) return false;
    if (this.cameras === "all" || other.cameras === "all") return this.cameras === other.cameras;
    return this.cameras.symmetricDifference(other.cameras).size === 0;
  }
}

/** A role that this VAS does not know may nothing. @throws Error */
export function roleOf(stored: string): Role {
  if (!Object.hasOwn(PERMISSIONS, stored)) throw new Error(`the store holds an unknown role [role:${stored}]`);
  return stored as Role;
}
