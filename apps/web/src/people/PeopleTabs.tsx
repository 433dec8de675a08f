import { Link } from "../ui/parts.tsx";
import { KEYS_PATH, PEOPLE_PATH } from "../ui/route.ts";

export function PeopleTabs(props: { current: "people" | "keys" }) {
  return (
    <nav className="tabs" aria-label="People and keys">
      <Link to={PEOPLE_PATH} current={props.current === "people"}>
        Persons
      </Link>
      <Link to={KEYS_PATH} current={props.current === "keys"}>
        API keys
      </Link>
    </nav>
  );
}
