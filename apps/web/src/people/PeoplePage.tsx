import type { User } from "@vas/contracts/http.ts";
import { useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useCameras, useSite } from "../site.ts";
import { ago } from "../ui/format.ts";
import { useLoad, useTitle } from "../ui/hooks.ts";
import { Badge, Facts, Failure, Loading } from "../ui/parts.tsx";
import { grantWords, roleName } from "./form.ts";
import { useMe } from "./me.ts";
import { PeopleTabs } from "./PeopleTabs.tsx";
import { PersonForm } from "./PersonForm.tsx";

export function PeoplePage() {
  useTitle("People");
  const { vas } = useSite();
  const users = useLoad("users", () => vas.users());
  /** Whose form is open: an id, or "new". */
  const [editing, setEditing] = useState<string | null>(null);
  const [words, setWords] = useState<string | null>(null);

  const done = (said: string) => {
    setEditing(null);
    setWords(said);
    users.reload();
  };
  return (
    <section aria-label="People">
      <div className="toolbar">
        <h1>People</h1>
        <PeopleTabs current="people" />
        <span className="spring" />
        <button type="button" onClick={() => setEditing("new")} disabled={editing === "new"}>
          Add a person
        </button>
      </div>
      {words && (
        <div className="notice good" role="status">
          <span>{words}</span>
        </div>
      )}
      <Failure error={users.error} retry={users.reload} />
      {users.value === null && !users.error && <Loading what="the people" />}
      {editing === "new" && (
        <div className="panel person">
          <h2>Add a person</h2>
          <PersonForm user={null} isMe={false} onDone={done} onCancel={() => setEditing(null)} />
        </div>
      )}
      <ul className="people">
        {users.value?.items.map((user) => (
          <Person
            key={user.id}
            user={user}
            open={editing === user.id}
            onOpen={(open) => setEditing(open ? user.id : null)}
            onDone={done}
          />
        ))}
      </ul>
    </section>
  );
}

function Person(props: {
  user: User;
  open: boolean;
  onOpen: (open: boolean) => void;
  onDone: (words: string) => void;
}) {
  const { user, open, onOpen, onDone } = props;
  const me = useMe();
  const { vas } = useSite();
  const { cameras } = useCameras();
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const isMe = user.id === me.id;

  const act = async (said: string, run: () => Promise<{ ok: true } | { ok: false; error: ApiError }>) => {
    const outcome = await run();
    setAsking(false);
    setError(outcome.ok ? null : outcome.error);
    if (outcome.ok) onDone(said);
  };
  return (
    <li className="panel person" data-user={user.username}>
      <div className="row head">
        <h2>{user.username}</h2>
        <Badge tone="plain">{roleName(user.role)}</Badge>
        {isMe && <span className="quiet">you</span>}
        <span className="spring" />
        <button type="button" aria-expanded={open} aria-label={`Edit ${user.username}`} onClick={() => onOpen(!open)}>
          Edit
        </button>
      </div>
      <Facts
        wide
        facts={[
          { name: "Cameras", value: grantWords(user, cameras ?? []) },
          { name: "Last here", value: user.last_used_at ? ago(user.last_used_at) : "not logged in anywhere" },
        ]}
      />
      <Failure error={error} />
      {open && (
        <>
          <PersonForm user={user} isMe={isMe} onDone={onDone} onCancel={() => onOpen(false)} />
          {!isMe && !asking && (
            <div className="row wrap settings">
              {user.last_used_at && (
                <button
                  type="button"
                  onClick={() => void act(`${user.username} was logged out.`, () => vas.endSessionsOf(user.id))}
                >
                  Log out everywhere
                </button>
              )}
              <button type="button" className="danger" onClick={() => setAsking(true)}>
                Remove
              </button>
            </div>
          )}
        </>
      )}
      {open && asking && (
        <div className="notice warn" role="alertdialog" aria-label={`Remove ${user.username}`}>
          <span>
            Remove {user.username}? What {user.username} has open ends at once. Recordings and clips stay.
          </span>
          <button
            type="button"
            className="danger"
            onClick={() => void act(`${user.username} was removed.`, () => vas.deleteUser(user.id))}
          >
            Remove the person
          </button>
          <button type="button" onClick={() => setAsking(false)}>
            Keep
          </button>
        </div>
      )}
    </li>
  );
}
