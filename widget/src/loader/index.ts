// Shows the widget of our script tag: its button, and the rest when the visitor needs it.

import { openApi } from "./api";
import { createInstance, type Instance } from "./instance";
import { findScript } from "./tag";

/** Adds the widget of a tag to those of the page. */
function add(instances: Instance[], script: HTMLScriptElement): void {
	const { id, widget, apiUrl, apiKey, target } = script.dataset;
	const identity = `${[id, widget, apiUrl, apiKey, target]}`;
	const known = instances.find((one) => one.identity === identity);
	// Some pages empty the body and run its scripts again: show the existing chat.
	if (known) known.back();
	else instances.push(createInstance(script, identity, instances));
}

const script = findScript();
const { widget, apiKey } = script?.dataset ?? {};
if (script && (widget || apiKey)?.trim()) openApi(add).add(script);
else console.error("[banter] Missing required data-widget or data-api-key attribute.");
