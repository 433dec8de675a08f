// Runs before the first paint, so that no page flashes in the other theme; src/ui/theme.ts goes on from here.
(() => {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem("vas.theme"));
  } catch {
    // A browser that keeps nothing follows the system.
  }
  const system = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.classList.toggle("dark", kept === "dark" || (kept !== "light" && system));
})();
