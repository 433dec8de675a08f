import { peopleText } from "../strings/people.ts";
import { KEYS_PATH, PEOPLE_PATH } from "../ui/route.ts";
import { LinkTabs } from "../ui/tabs.tsx";

export function PeopleTabs(props: { current: "people" | "keys" }) {
  return (
    <LinkTabs
      label={peopleText.peopleAndKeys}
      current={props.current === "keys" ? KEYS_PATH : PEOPLE_PATH}
      tabs={[
        { to: PEOPLE_PATH, label: peopleText.persons },
        { to: KEYS_PATH, label: peopleText.apiKeys },
      ]}
    />
  );
}
