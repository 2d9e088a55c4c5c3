// Checked by tsc, not run: what banter.d.ts allows a page to write, and what it refuses.

import type { Banter } from "../banter";

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
	// @ts-expect-error: there is no such theme.
	banter.theme("red");
	// @ts-expect-error: a text is required.
	banter.send();
	// @ts-expect-error: there is no such event.
	banter.on("replied", () => undefined);
	// @ts-expect-error: details are frozen.
	banter.on("unread", ({ detail }) => (detail.count = 0));
}
