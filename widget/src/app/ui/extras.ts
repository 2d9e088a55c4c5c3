// What a site may switch on: the button's picture, notices outside the chat, the teaser, starter questions, that an AI answers.

import type { Opened, OpenParts } from "../conversation";
import { createDisclosure } from "./disclosure";
import { createDuty } from "./duty";
import { giveNotice } from "./notice";
import type { Panel } from "./panel";
import { showPicture } from "./picture";
import { createStarters } from "./starters";
import { createTeaser } from "./teaser";

export function addExtras(parts: OpenParts, opened: Opened, panel: Panel, open: () => void): void {
	const { settings, shell, signal } = parts;
	if (settings.picture) showPicture(shell.button, settings.picture, signal);
	giveNotice(parts, opened);
	createTeaser(parts, opened, open);
	const { store } = opened;
	panel.log.node.after(createDuty(parts, opened));
	if (settings.disclosure.show) panel.log.node.after(createDisclosure(parts, store));
	if (settings.starters[0]) panel.log.node.after(createStarters(parts, opened, panel.focus));
}
