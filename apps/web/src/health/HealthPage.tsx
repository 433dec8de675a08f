export function HealthPage() {
  return <p>Soon</p>;
}
