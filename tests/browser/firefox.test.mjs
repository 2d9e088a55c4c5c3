// The main flows of both tags in Firefox.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { numbered, until, WIDGET_KEY } from "../e2e/harness.mjs";
import { assertAccessible, assertStops, tabThrough } from "./accessibility.mjs";
import { missingFirefox } from "./browser.mjs";
import { HELLO, isFocused, useSite, WELCOME } from "./site.mjs";
import {
	assertConversation,
	ERROR_MS,
	findWay,
	STREAM_MS,
	visitWithClock,
	Way,
	WS_MS,
} from "./way.mjs";

const REFUSED = { mode: "refuse" };

/** What the proxy does, and what the chat asks for after a WebSocket, each with the time that it waits before. */
const WAYS = [
	[REFUSED, [["ndjson", ERROR_MS]]],
	[{ mode: "ignore" }, [["ndjson", WS_MS]]],
	[
		{ ...REFUSED, failing: ["ndjson"] },
		[
			["ndjson", ERROR_MS],
			["sse", ERROR_MS],
		],
	],
	[
		{ ...REFUSED, failing: ["ndjson", "sse"] },
		[
			["ndjson", ERROR_MS],
			["sse", ERROR_MS],
			["poll", ERROR_MS],
		],
	],
	[
		{ ...REFUSED, buffering: ["ndjson", "sse"] },
		[
			["ndjson", ERROR_MS],
			["poll", STREAM_MS],
		],
	],
];

describe("the widget in Firefox", { skip: missingFirefox }, () => {
	const site = useSite({ isFirefox: true });
	const tags = {};
	let form;
	before(async () => {
		const look = { primary_color: "#4f46e5" };
		const { widget_id } = await site.createWidget(look);
		tags["data-widget"] = { "data-widget": widget_id };
		tags["data-api-key"] = {
			"data-api-key": WIDGET_KEY,
			"data-api-url": `${site.banter.url}/chat`,
			"data-welcome-message": WELCOME,
		};
		const wish = { contact_info_mode: "required", collect_name: true, collect_email: true };
		form = { "data-widget": (await site.createWidget({ ...look, ...wish })).widget_id };
	});

	for (const kind of ["data-widget", "data-api-key"])
		it(`${kind}: opens by keyboard, streams, and shows the conversation after a reload`, async () => {
			const visitor = await site.visitTags([tags[kind]]);
			const { page, chat, complaints } = visitor;
			const button = page.locator("banter-chat .launcher");
			await button.focus();
			await page.keyboard.press("Enter");
			await until("the text field has the focus", () => isFocused(visitor.box));
			const question = `[[tokens=20 hold-after=9]] ${kind}`;
			await visitor.say(question);
			const early = await visitor.logUntil("the first words", (text) => text.includes("t0 t1"));
			assert.ok(!early.includes("t19"), "the reply streams");
			await site.banter.release(kind);
			await visitor.logUntil("the whole reply", (text) => text.includes(numbered(20)));
			await visitor.stop.waitFor({ state: "hidden" });
			await visitor.box.focus();
			await page.keyboard.press("Escape");
			await chat.waitFor({ state: "hidden" });
			await until("the button has the focus", () => isFocused(button));
			await page.keyboard.press("Enter");
			await page.reload();
			await visitor.logUntil("the conversation", (text) => text.includes(numbered(20)));
			// The page's own policy forbids the icon that Firefox asks for.
			assert.deepEqual(
				complaints.filter((text) => !text.includes("favicon")),
				[],
			);
			await assertAccessible(page, `firefox ${kind}`);
			// Last, because Tab ends in the browser's own controls.
			assertStops(await tabThrough(page));
		});

	for (const scripts of ["nonce", "strict-dynamic"])
		it(`loads its parts under a policy with ${scripts}`, async () => {
			const visitor = await site.visitTags([tags["data-widget"]], undefined, { scripts });
			await visitor.open();
			await visitor.ask(...HELLO);
			assert.deepEqual(
				visitor.complaints.filter((text) => !text.includes("favicon")),
				[],
			);
		});

	for (const [faults, ways] of WAYS)
		it(`finds its way, streams, and remembers it: ${JSON.stringify(faults)}`, async (t) => {
			const way = Object.assign(await Way.open(site.banter.port), faults);
			t.after(() => way.close());
			const { "data-widget": id } = tags["data-widget"];
			const visitor = await visitWithClock(site, id, way.url);
			await findWay(way, visitor, ways);
			const key = `firefox ${JSON.stringify(faults)}`.replace(/\W+/g, " ").trim();
			const asked = ["ws", ...ways.map(([what]) => what)];
			await assertConversation(way, visitor, site.banter, key, asked);
		});

	it("the contact form shows errors, and saves", async () => {
		const visitor = await site.visitTags([form]);
		await visitor.open();
		const field = (label) => visitor.chat.getByLabel(label);
		await field("Name").fill("Jane");
		await field("E-mail").fill("jane at example");
		await field("E-mail").press("Enter");
		await visitor.chat.getByText("An e-mail looks like name@example.com.").waitFor();
		await assertAccessible(visitor.page, "firefox contact form");
		await field("E-mail").fill("firefox@example.com");
		await visitor.chat.getByRole("button", { name: "Save" }).click();
		await until("the text field has the focus", () => isFocused(visitor.box));
		const { contacts } = await site.admin("GET", "contacts?email=firefox@example.com");
		assert.equal(contacts[0].name, "Jane");
	});
});
