// A widget with settings on the server, in a browser: Loquent's tag on a page of another origin.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { numbered, TIME_FACTOR, until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { exchange, HELLO, useSite } from "./site.mjs";

describe("a tag with data-widget", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	const { admin, banter, createWidget } = site;

	let plain;
	before(async () => {
		plain = await createWidget({
			primary_color: "#b00020",
			text_color: "#ffee00",
			position: "bottom_left",
		});
	});

	const slow = (n) => `[[tokens=${n} delay=${50 * TIME_FACTOR}]] Go on`;

	it("has its configured appearance, streams, and is restored after a reload", async () => {
		const visitor = await site.visitWidget(plain.widget_id);
		await visitor.open();
		await visitor.chat.getByText("Support").waitFor();
		await visitor.saidUntil([]);
		const look = await visitor.page.locator("banter-chat").evaluate((host) => {
			const frame = host.shadowRoot.querySelector(".frame");
			const launcher = getComputedStyle(host.shadowRoot.querySelector(".launcher"));
			const colors = ["--accent", "--on-accent"].map((name) =>
				getComputedStyle(frame).getPropertyValue(name),
			);
			return [launcher.left, ...colors, launcher.color];
		});
		assert.deepEqual(look, ["20px", "rgb(176,0,32)", "rgb(255,238,0)", "rgb(255, 238, 0)"]);

		await visitor.say(slow(30));
		await visitor.logUntil("the first words", (text) => text.includes("t0 t1"));
		await visitor.page.reload();
		await visitor.saidUntil(exchange(slow(30), numbered(30)));
		await visitor.page.reload();
		await visitor.saidUntil(exchange(slow(30), numbered(30)));
		assert.deepEqual(visitor.complaints, []);
	});

	it("shows each tab the messages of the others live, and stops replies", async () => {
		const one = await site.visitWidget(plain.widget_id);
		await one.open();
		await one.ask(...HELLO);
		const two = await site.visitWidget(plain.widget_id, one.context);
		await two.saidUntil(exchange(...HELLO));

		await one.say("[[tokens=100 hold-after=10]] Go on");
		for (const tab of [one, two])
			await tab.logUntil("the reply streams in each", (text) => text.includes(numbered(10)));
		// A click so soon after the button appeared would count as a double click.
		await two.stop.press("Enter");
		for (const tab of [one, two])
			await tab.logUntil("it is stopped", (text) => text.includes("Stopped"));
		const more = exchange("[[tokens=100 hold-after=10]] Go on", numbered(10));
		for (const tab of [one, two]) await tab.saidUntil([...exchange(...HELLO), ...more]);
		assert.deepEqual([...one.complaints, ...two.complaints], []);
	});

	it("removes a conversation that the owner deletes at once in every tab, and continues", async () => {
		const widget = await site.createWidget({});
		const one = await site.visitWidget(widget.widget_id);
		await one.open();
		const two = await site.visitWidget(widget.widget_id, one.context);
		const both = [one, two];
		const erase = async () => {
			const { conversations } = await admin("GET", `conversations?widgetId=${widget.id}`);
			await admin("DELETE", `conversations/${conversations[0]._id}`);
		};
		await one.say(HELLO[0]);
		for (const tab of both) await tab.saidUntil(exchange(...HELLO));
		// Not before the reply has ended: otherwise the page keeps what it shows of it, as below.
		await one.stop.waitFor({ state: "hidden" });
		await erase();
		for (const tab of both) await tab.saidUntil([]);

		// During a reply: the sender may send again.
		const question = "[[tokens=3 hold-after=2]] held";
		await one.say(question);
		for (const tab of both)
			await tab.logUntil("the reply has begun", (text) => text.includes("t0 t1"));
		await erase();
		for (const { chat } of both)
			await chat.getByText("This conversation was deleted.").first().waitFor();
		await banter.release("held");
		await one.again.click();
		for (const tab of both)
			await tab.logUntil("it is asked again", (text) => text.includes("t0 t1"));
		await banter.release("held");
		const asked = exchange(question, "t0 t1 t2");
		for (const tab of both) await tab.saidUntil(asked);
		await one.page.reload();
		await one.saidUntil(asked);
		assert.deepEqual([...one.complaints, ...two.complaints], []);
	});

	/** Waits until the owner is informed, and returns the browser's own errors. */
	async function toldOnce({ hints, complaints }, widget) {
		await until("the console has a warning for the owner", () => hints.length > 0);
		assert.equal(hints.length, 1);
		assert.ok(hints[0].endsWith(`/api/widget/${widget.widget_id}/settings`), hints[0]);
		return complaints;
	}

	it("is not shown on a site that is not allowed, and retries when the page becomes visible", async () => {
		const widget = await createWidget({ allowed_origins: ["https://shop.example"] });
		const visitor = await site.visitWidget(widget.widget_id);
		const chats = visitor.page.locator("banter-chat");
		// The browser logs each response that it hides from us.
		const kept = () => visitor.complaints.filter((text) => text.includes("CORS policy")).length;
		await until("it has asked often enough", () => kept() === 5);
		await toldOnce(visitor, widget);
		assert.equal(await chats.count(), 0);
		const look = () =>
			visitor.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
		// A visibility change before the last response does not count.
		await until("the browser complains again", async () => {
			await look();
			return kept() > 5;
		});
		await admin("PUT", `widgets/${widget.id}`, { allowed_origins: [site.url] });
		await until("it is there", async () => {
			await look();
			return (await chats.count()) === 1;
		});
		await toldOnce(visitor, widget);
	});

	it("is not shown if disabled, without errors, and allows another tag", async () => {
		const off = await createWidget({ enabled: false });
		const visitor = await site.visitWidget(off.widget_id);
		assert.equal((await toldOnce(visitor, off)).length, 1);
		assert.equal(await visitor.page.locator("banter-chat").count(), 0);
		await visitor.addTag({
			src: `${banter.url}/api/widget/embed.js`,
			"data-widget": plain.widget_id,
		});
		await visitor.open();
		await visitor.saidUntil([]);
	});
});
