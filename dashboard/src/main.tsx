// Starts the dashboard in the page that index.html is.

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

// The pages place the scroll themselves, as their data may come after the browser's try.
history.scrollRestoration = "manual";
render(<App />, root);
