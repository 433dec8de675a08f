/** Drawn on a grid of 20, in the colour of the words beside them, and never alone: a name is the control's own. */
import type { ReactNode } from "react";

function Icon(props: { children: ReactNode }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 20 20"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {props.children}
    </svg>
  );
}

export const LiveIcon = () => (
  <Icon>
    <rect x="2.5" y="5.5" width="10" height="9" rx="2" />
    <path d="m12.500 9 4.500-2.500v7L12.500 11" />
  </Icon>
);
export const RecordingsIcon = () => (
  <Icon>
    <path d="M4 6.500a7.500 7.500 0 1 1-1.300 5" />
    <path d="M3.500 3v3.800h3.800M10 6.500V10l2.500 1.800" />
  </Icon>
);
export const EventsIcon = () => (
  <Icon>
    <path d="M3 5.500h2M3 10h2M3 14.500h2M8.500 5.500H17M8.500 10H17M8.500 14.500H17" />
  </Icon>
);
export const ModelsIcon = () => (
  <Icon>
    <path d="M10 2.500 16.500 6v8L10 17.500 3.500 14V6zM3.500 6 10 9.700 16.500 6M10 9.700v7.800" />
  </Icon>
);
export const HealthIcon = () => (
  <Icon>
    <path d="M2.500 10.500h3.500l2-5 3.500 9.500 2.300-6 1 1.500h2.700" />
  </Icon>
);
export const PeopleIcon = () => (
  <Icon>
    <circle cx="7.500" cy="7" r="2.800" />
    <path d="M2.500 16c.4-2.900 2.300-4.500 5-4.500s4.600 1.600 5 4.500M13 4.500a2.700 2.700 0 0 1 0 5M14.500 11.800c1.700.6 2.700 2 3 4.200" />
  </Icon>
);
export const PersonIcon = () => (
  <Icon>
    <circle cx="10" cy="7" r="3" />
    <path d="M4 16.500c.5-3.200 2.700-5 6-5s5.500 1.800 6 5" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="m5.500 5.500 9 9M14.500 5.500l-9 9" />
  </Icon>
);
export const CheckIcon = () => (
  <Icon>
    <path d="m4.500 10.500 3.500 3.500 7.500-8" />
  </Icon>
);
export const MoreIcon = () => (
  <Icon>
    <path d="M4.500 10h.01M10 10h.01M15.500 10h.01" strokeWidth="2.600" />
  </Icon>
);
export const DownIcon = () => (
  <Icon>
    <path d="m5.500 8 4.500 4.500L14.500 8" />
  </Icon>
);
