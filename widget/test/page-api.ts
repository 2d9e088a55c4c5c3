// Checked by tsc, not run: what banter.d.ts allows a page to write, and what it refuses.

import type {
	Banter,
	BanterEvents,
	BanterIdentity,
	BanterListener,
	BanterMethods,
} from "../banter";

/** Each method with the arguments of a call; the compiler requires all methods. */
export const CALLS: { readonly [K in keyof BanterMethods]: Parameters<BanterMethods[K]> } = {
	open: [],
	close: [],
	toggle: [],
	show: [],
	hide: [],
	mount: [document.body],
	unmount: [],
	send: ["Hello"],
	prefill: ["Hello"],
	identify: [{ name: "Jane", email: "j@example.com", phone: "+49 1", userId: "1", hash: "ab" }],
	context: [{ cart: ["sku-17"], total: { amount: 7 } }],
	locale: ["de"],
	theme: ["auto"],
	reset: [],
	destroy: [],
	on: ["reply", () => undefined],
	off: ["reply", () => undefined],
};

/** A listener for each event, which may read what it is about. */
export const LISTENERS: { readonly [K in keyof BanterEvents]: BanterListener<K> } = {
	ready: ({ detail }) => detail.widget.length,
	opened: ({ detail }) => detail.widget.length,
	closed: ({ detail }) => detail.widget.length,
	message: ({ detail }) => detail.text.length,
	reply: ({ detail }) => detail.id?.length ?? (detail.status === "cut" ? detail.text : ""),
	handover: ({ detail }) => (detail.state === "person" ? detail.name : null),
	contact: ({ detail }) => detail.widget.length,
	error: ({ detail }) => detail.code.length,
	unread: ({ detail }) => detail.count.toFixed(),
};

/** Details that a page does not know may be left out, but not be something else. */
export const NOBODY: BanterIdentity = {};

export function usesOf(banter: Banter): void {
	banter("open");
	banter("prefill", "Where is my order?");
	banter("identify", { userId: "42", hash: "ab".repeat(32) });
	banter.identify({ name: "Jane", email: "jane@example.com" });
	banter.context({ plan: "pro", seats: 3 });
	banter.theme("dark");
	banter.on("reply", ({ detail }) => detail.text.trim());
	banter.get("wid_1")?.send("Hello");
	banter.get("wid_1")?.("close");
	document.addEventListener("banter:unread", ({ detail }) => detail.count + 1);
	banter.ids().join();

	// @ts-expect-error: there is no such method.
	banter("opne");
	// @ts-expect-error: a user's id is a text.
	banter.identify({ userId: 42 });
	// @ts-expect-error: the widget with this id may not be there.
	banter.get("wid_1").open();
	// @ts-expect-error: there is no such theme.
	banter.theme("red");
	// @ts-expect-error: a text is required.
	banter.send();
	// @ts-expect-error: there is no such event.
	banter.on("replied", () => undefined);
	// @ts-expect-error: details are frozen.
	banter.on("unread", ({ detail }) => (detail.count = 0));
}
