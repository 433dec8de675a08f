import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import "./ui/style.css";
import "./live/live.css";
import "./playback/playback.css";
import "./events/events.css";
import "./models/models.css";
import "./people/people.css";

createRoot(document.getElementById("root") as HTMLElement).render(<App />);
