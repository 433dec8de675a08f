import type { User } from "@vas/contracts/http.ts";
import { useState } from "react";
import type { ApiError } from "../api/client.ts";
import { useCameras, useSite } from "../site.ts";
import { peopleText } from "../strings/people.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { ago } from "../ui/format.ts";
import { useLoad, useTitle } from "../ui/hooks.ts";
import { Badge, Facts, Failure, Loading } from "../ui/parts.tsx";
import { useToast } from "../ui/toast.tsx";
import { grantWords, roleName } from "./form.ts";
import { useMe } from "./me.ts";
import { PeopleTabs } from "./PeopleTabs.tsx";
import { PersonForm } from "./PersonForm.tsx";

export function PeoplePage() {
  useTitle(peopleText.people);
  const { vas } = useSite();
  const toast = useToast();
  const users = useLoad("users", () => vas.users());
  /** Whose form is open: an id, or "new". */
  const [editing, setEditing] = useState<string | null>(null);

  const done = (words: string) => {
    setEditing(null);
    toast({ words });
    users.reload();
  };
  return (
    <section aria-label={peopleText.people}>
      <div className="toolbar">
        <h1>{peopleText.people}</h1>
        <PeopleTabs current="people" />
        <span className="spring" />
        <button type="button" className="primary" onClick={() => setEditing("new")} disabled={editing === "new"}>
          {peopleText.addPerson}
        </button>
      </div>
      <Failure error={users.error} retry={users.reload} />
      {users.value === null && !users.error && <Loading what={peopleText.thePeople} />}
      {editing === "new" && (
        <div className="panel person">
          <h2>{peopleText.addPerson}</h2>
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

  const logOut = async () => {
    const outcome = await vas.endSessionsOf(user.id);
    setError(outcome.ok ? null : outcome.error);
    if (outcome.ok) onDone(peopleText.loggedOut(user.username));
  };
  const remove = async () => {
    const outcome = await vas.deleteUser(user.id);
    if (!outcome.ok) return outcome.error;
    onDone(peopleText.removed(user.username));
    return null;
  };
  return (
    <li className="panel person" data-user={user.username}>
      <div className="row head">
        <h2>{user.username}</h2>
        <Badge tone="plain">{roleName(user.role)}</Badge>
        {isMe && <span className="quiet">{peopleText.you}</span>}
        <span className="spring" />
        <button
          type="button"
          aria-expanded={open}
          aria-label={peopleText.editOne(user.username)}
          onClick={() => onOpen(!open)}
        >
          {peopleText.edit}
        </button>
      </div>
      <Facts
        wide
        facts={[
          { name: peopleText.cameras, value: grantWords(user, cameras ?? []) },
          { name: peopleText.lastHere, value: user.last_used_at ? ago(user.last_used_at) : peopleText.notLoggedIn },
        ]}
      />
      <Failure error={error} />
      {open && (
        <>
          <PersonForm user={user} isMe={isMe} onDone={onDone} onCancel={() => onOpen(false)} />
          {!isMe && (
            <div className="row wrap settings">
              {user.last_used_at && (
                <button type="button" onClick={() => void logOut()}>
                  {peopleText.logOutEverywhere}
                </button>
              )}
              <button type="button" className="danger" onClick={() => setAsking(true)}>
                {peopleText.remove}
              </button>
            </div>
          )}
        </>
      )}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={peopleText.removeOne(user.username)}
        action={peopleText.removePerson}
        busyWords={peopleText.removing}
        cancel={peopleText.keep}
        danger
        onConfirm={remove}
      >
        {peopleText.removeWords(user.username)}
      </ConfirmDialog>
    </li>
  );
}
