export function EventsPage() {
  return <p>Soon</p>;
}
