// Pictures of the pages of the dashboard whose layout is easy to break, in build/pictures/dashboard, in both themes: `make
// screenshots`. No page is wider than its window.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { takePicture } from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { useDashboard } from "./dashboard.mjs";

const PHONE = { viewport: { width: 390, height: 844 } };
const TABLET = { viewport: { width: 768, height: 1024 } };
const DESKTOP = { viewport: { width: 1440, height: 900 } };

/** Name, the path, the screen, what is there when the page is complete. */
const PLACES = [
	["reports", "/numbers", PHONE, ".range .segment"],
	["reports in German", "/numbers", { ...PHONE, locale: "de" }, ".range .segment"],
	["knowledge", "/knowledge", PHONE, ".knowledge-tabs a"],
	["knowledge in German", "/knowledge", { ...PHONE, locale: "de" }, ".knowledge-tabs a"],
	["search", "/search?q=Hello&from=2026-01-01&to=2026-12-31", TABLET, "[type=date]"],
	[
		"conversation in Spanish",
		"/conversations/$CONVERSATION",
		{ ...TABLET, locale: "es" },
		".who-answers > *",
	],
	["conversation", "/conversations/$CONVERSATION", DESKTOP, ".contact .avatar"],
	["inbox", "/", DESKTOP, ".row-tag-name"],
	["new widget", "/widgets/create", DESKTOP, ".sections"],
];

describe("pictures of the dashboard", { skip: missing }, () => {
	const { banter, admin, visit } = useDashboard({ areKept: true });
	let conversation;
	before(async () => {
		const [{ id }] = (await admin("GET", "widgets")).widgets;
		await admin("PUT", `widgets/${id}`, {
			name: "Plants, pots and everything else for a green home",
		});
		const { json } = await banter.chat("layout", "Hello");
		conversation = json.conversationId;
		const names = ["A tag whose name takes far more space", "Delivery, returns, complaints", "One"];
		const tags = await Promise.all(names.map((name) => admin("POST", "tags", { name })));
		await admin("PUT", `conversations/${conversation}`, { addTags: tags.map(({ id }) => id) });
	});

	for (const colorScheme of ["light", "dark"])
		for (const [name, path, screen, part] of PLACES)
			it(`${name}, ${colorScheme}`, async () => {
				const address = path.replace("$CONVERSATION", conversation);
				const { page } = await visit(address, { ...screen, colorScheme, reducedMotion: "reduce" });
				await page.locator(part).first().waitFor();
				if (path.endsWith("/create"))
					await page.frameLocator("iframe[title=Preview]").getByRole("dialog").waitFor();
				const over = await page.evaluate(
					() => document.documentElement.scrollWidth - window.innerWidth,
				);
				assert.ok(over <= 0, `${over} px wider than the window`);
				await takePicture(page, `${name} ${colorScheme}`, "dashboard");
			});
});
