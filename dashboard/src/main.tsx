// Mounts the dashboard in index.html.

import { render } from "preact";
import { App } from "./app";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/login.css";
import "./styles/list.css";
import "./styles/thread.css";

const root = document.getElementById("app");
if (!root) throw new Error("index.html has no #app");

// Pages restore the scroll position themselves, because their data may arrive after the browser's
// attempt.
history.scrollRestoration = "manual";
render(<App />, root);
