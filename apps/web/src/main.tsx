import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { startTheme } from "./ui/theme.ts";
import "./ui/tokens.css";
import "./ui/style.css";
import "./ui/top.css";
import "./ui/pieces.css";
import "./live/live.css";
import "./events/events.css";
import "./models/models.css";
import "./people/people.css";

startTheme();
createRoot(document.getElementById("root") as HTMLElement).render(<App />);
