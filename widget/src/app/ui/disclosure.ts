// Says before the first message that an AI answers, with a link to the site's page about privacy.

import { el } from "../../dom";
import type { State } from "../chat/state";
import type { Store } from "../chat/store";
import type { OpenParts } from "../conversation";

export function createDisclosure(
	{ settings, words }: Pick<OpenParts, "settings" | "words">,
	store: Store<State>,
): HTMLElement {
	const { text, link } = settings.disclosure;
	const target = { href: link, target: "_blank", rel: "noopener" };
	const node = el("p", { class: "disclosure" }, text || words("aiNotice"));
	// Never a script, whatever an attribute of the page says.
	if (/^https:\/\//i.test(link)) node.append(" ", el("a", target, words("privacy")));
	const render = () => {
		node.hidden = store.get().messages.length > 1;
		// The text field is described by it, also if it is hidden.
		node.id = node.hidden ? "" : "notice";
	};
	store.subscribe(render);
	render();
	return node;
}
