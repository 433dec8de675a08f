export function ModelsPage() {
  return <p>Soon</p>;
}
