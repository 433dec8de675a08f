/** Since when each thing's health is what it is, to within one look. */
type Health = "healthy" | "degraded" | "unknown";

export class HealthSince {
  readonly #states = new Map<string, { health: Health; sinceWallMs: number; look: number }>();
  #look = 0;

  /** Notes the health of everything there is; what is not named is forgotten. */
  look(states: Iterable<readonly [key: string, health: Health]>, nowWallMs: number): void {
    this.#look++;
    for (const [key, health] of states) {
      const known = this.#states.get(key);
      if (known?.health === health) known.look = this.#look;
      else this.#states.set(key, { health, sinceWallMs: nowWallMs, look: this.#look });
    }
    for (const [key, { look }] of this.#states) if (look !== this.#look) this.#states.delete(key);
  }

  /** ISO time; null where it was not looked at yet. What has changed since the last look has changed now. */
  of(key: string, health: Health, nowWallMs: number): string | null {
    const known = this.#states.get(key);
    if (!known) return null;
    return new Date(known.health === health ? known.sinceWallMs : nowWallMs).toISOString();
  }
}
