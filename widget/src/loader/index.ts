// Shows the widget of our script tag: its button, and the rest when the visitor needs it.

import type { Tag } from "../shell";
import { openApi } from "./api";
import { createInstance, type Instance } from "./instance";
import { findTags } from "./tag";

/** Adds the widget of a tag to those of the page. */
function add(instances: Instance[], script: Tag): void {
	const { id, widget, apiUrl, apiKey, target } = script.dataset;
	const identity = `${[id, widget, apiUrl, apiKey, target]}`;
	const known = instances.find((one) => one.identity === identity);
	// Some pages empty the body and run its scripts again: show the existing chat.
	if (known) known.back();
	else instances.push(createInstance(script, identity, instances));
}

findTags().forEach((tag) => {
	const { widget, apiKey } = tag.dataset;
	if ((widget || apiKey)?.trim()) openApi(add).add(tag);
	else console.error("[banter] Missing required data-widget or data-api-key attribute.");
});
