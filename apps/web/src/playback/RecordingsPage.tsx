export function RecordingsPage() {
  return <p>Soon</p>;
}
