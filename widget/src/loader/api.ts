// The page's API: `window.banter`, a function that is also an object of functions.

import type { Call, Tag } from "../shell";
import type { Instance } from "./instance";

/** What `all` has itself: old libraries add methods to every function, such as hide(), and <select id="banter"> has add(). */
const ownOf = (all: object, name: PropertyKey) =>
	Reflect.getOwnPropertyDescriptor(all, name)?.value;

/**
 * `banter("open")` and `banter.open()`. Not a list of methods, which the app knows; `then` would make it a
 * promise.
 */
function methodsFor(perform: (call: Call) => unknown) {
	return new Proxy((...call: Call) => perform(call), {
		get: (all, name) =>
			ownOf(all, name) ??
			// The minifier makes name + "" of String(name), which throws for a symbol.
			(typeof name === "symbol" || /^(apply|bind|call|toString)$/.test(name)
				? Reflect.get(all, name)
				: name !== "then" && ((...args: unknown[]) => perform([name as string, ...args]))),
	});
}

interface Api {
	/** Called by each further script tag. */
	add(script: Tag): void;
}

/** The page's API; the first script tag makes it. `add` adds the widget of a tag. */
export function openApi(add: (instances: Instance[], script: Tag) => void): Api {
	const page = window as { banter?: unknown };
	const before = Object(page.banter);
	const early = before.q ?? before;
	const isQueue = Array.isArray(early);
	if (!isQueue && ownOf(before, "add")) return before;
	const instances: Instance[] = [];
	/** The calls that the page made before the script was there. */
	const waiting: Call[] = isQueue ? early.map((call) => [...call] as unknown as Call) : [];
	const api = methodsFor((call) => {
		if (instances[0]) return instances[0].call(call);
		waiting.push(call);
		return Promise.resolve(false);
	});
	page.banter = api;
	return Object.assign(api, {
		/** A page may have kept the function that was its queue. */
		q: { push: (call: Call) => api(...call) },
		/** The methods of the widget with this id: data-id, else data-widget. */
		get(id: string) {
			const found = instances.find((one) => one.id === id);
			return found && methodsFor(found.call);
		},
		/** The ids of the widgets on this page. */
		ids: () => instances.map(({ id }) => id),
		add(script: Tag) {
			add(instances, script);
			if (instances[0]) waiting.splice(0).forEach(instances[0].call);
		},
	});
}
