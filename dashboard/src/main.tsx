// Mounts the dashboard in index.html.

import { render } from "preact";
import { App } from "./app";
import { applyTheme } from "./shell/theme";
import { t } from "./text/common";
import { language } from "./text/language";
import "./styles/tokens.css";
import "./styles/base.css";
import "./shell/shell.css";
import "./ui/controls.css";
import "./ui/fields.css";
import "./ui/overlays.css";
import "./ui/avatar.css";
import "./ui/page.css";

async function main() {
	const root = document.getElementById("app");
	if (!root) throw new Error("index.html has no #app");
	applyTheme();
	document.documentElement.lang = language;
	// Pages restore the scroll position themselves, because their data may arrive after the browser's
	// attempt.
	history.scrollRestoration = "manual";
	await t.load();
	render(<App />, root);
}

void main();
