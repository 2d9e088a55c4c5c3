// A widget with settings on the server, in a browser: Loquent's tag on a page of another origin.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ADMIN_KEY, TIME_FACTOR, until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { numbered, useSite } from "./site.mjs";

describe("a tag with data-widget", { skip: missing }, () => {
	const site = useSite();
	const { banter } = site;

	async function admin(method, path, body) {
		const answer = await banter.request(method, `/v1/admin/${path}`, {
			headers: { "x-admin-api-key": ADMIN_KEY },
			body,
		});
		assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
		return answer.status === 204 ? null : answer.json;
	}

	const { createWidget } = site;

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
			const send = getComputedStyle(host.shadowRoot.querySelector(".launcher"));
			const style = getComputedStyle(frame);
			return {
				left: frame.classList.contains("left"),
				accent: style.getPropertyValue("--accent"),
				onAccent: style.getPropertyValue("--on-accent"),
				text: send.color,
			};
		});
		assert.deepEqual(look, {
			left: true,
			accent: "#b00020",
			onAccent: "#ffee00",
			text: "rgb(255, 238, 0)",
		});

		await visitor.say(slow(30));
		await visitor.logUntil("the first words", (text) => text.includes("t0 t1"));
		await visitor.page.reload();
		await visitor.saidUntil([`visitor: ${slow(30)}`, `assistant: ${numbered(30)}`]);
		await visitor.page.reload();
		await visitor.saidUntil([`visitor: ${slow(30)}`, `assistant: ${numbered(30)}`]);
		assert.deepEqual(visitor.complaints, []);
		await visitor.context.close();
	});

	it("shows each tab the messages of the others live, and stops replies", async () => {
		const one = await site.visitWidget(plain.widget_id);
		await one.open();
		await one.say('[[text="Hello"]] Hi');
		await one.saidUntil(['visitor: [[text="Hello"]] Hi', "assistant: Hello"]);
		const two = await site.visitWidget(plain.widget_id, one.context);
		await two.saidUntil(['visitor: [[text="Hello"]] Hi', "assistant: Hello"]);

		await one.say("[[tokens=100 hold-after=10]] Go on");
		for (const tab of [one, two])
			await tab.logUntil("the reply streams in each", (text) => text.includes(numbered(10)));
		// A click so soon after the button appeared would count as a double click.
		await two.stop.press("Enter");
		await two.logUntil("it is stopped", (text) => text.includes("Stopped"));
		await one.logUntil("it is stopped", (text) => text.includes("Stopped"));
		const said = ['visitor: [[text="Hello"]] Hi', "assistant: Hello"];
		said.push("visitor: [[tokens=100 hold-after=10]] Go on", `assistant: ${numbered(10)}`);
		for (const tab of [one, two]) await tab.saidUntil(said);
		assert.deepEqual([...one.complaints, ...two.complaints], []);
		await one.context.close();
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
		const said = ['visitor: [[text="Hello"]] Hi', "assistant: Hello"];
		await one.say('[[text="Hello"]] Hi');
		for (const tab of both) await tab.saidUntil(said);
		await erase();
		for (const tab of both) await tab.saidUntil([]);

		// During a reply: the sender may send again.
		const question = "[[tokens=3 hold-after=2]] held";
		await one.say(question);
		for (const tab of both)
			await tab.logUntil("the reply has begun", (text) => text.includes("t0 t1"));
		await erase();
		await two.saidUntil([]);
		await one.chat.getByText("This conversation was deleted.").first().waitFor();
		await banter.release("held");
		await one.again.click();
		for (const tab of both)
			await tab.logUntil("it is asked again", (text) => text.includes("t0 t1"));
		await banter.release("held");
		const asked = [`visitor: ${question}`, "assistant: t0 t1 t2"];
		for (const tab of both) await tab.saidUntil(asked);
		await one.page.reload();
		await one.saidUntil(asked);
		assert.deepEqual([...one.complaints, ...two.complaints], []);
		await one.context.close();
	});

	it("survives a killed worker during a reply, with each message once", async () => {
		const visitor = await site.visitWidget(plain.widget_id);
		await visitor.open();
		await visitor.say(slow(60));
		await visitor.logUntil("the first words", (text) => text.includes("t0 t1"));
		await banter.killWorkers(banter.workerPids());
		await visitor.saidUntil([`visitor: ${slow(60)}`, `assistant: ${numbered(60)}`]);
		await visitor.page.reload();
		await visitor.saidUntil([`visitor: ${slow(60)}`, `assistant: ${numbered(60)}`]);
		await banter.ready();
		await visitor.context.close();
	});

	it("asks once for required contact details", async () => {
		const widget = await createWidget({
			contact_info_mode: "required",
			collect_name: true,
			collect_email: true,
		});
		const visitor = await site.visitWidget(widget.widget_id);
		await visitor.open();
		await visitor.chat.getByText("how can we reach you").waitFor();
		const writing = visitor.chat.locator("textarea");
		await until("the form has the focus", () =>
			visitor.chat.getByLabel("Name").evaluate((input) => input.matches(":focus")),
		);
		assert.equal(await writing.isVisible(), false);
		await visitor.chat.getByLabel("E-mail").fill("jane at example");
		await visitor.chat.getByRole("button", { name: "Save" }).click();
		await until("the server says what is wrong", async () =>
			/e-?mail/i.test(await visitor.chat.getByRole("alert").textContent()),
		);
		await visitor.chat.getByLabel("Name").fill("Jane");
		await visitor.chat.getByLabel("E-mail").fill("Jane@Example.com");
		await visitor.chat.getByRole("button", { name: "Save" }).click();
		await writing.waitFor();
		await until("the writing line has the focus", () =>
			writing.evaluate((input) => input.matches(":focus")),
		);
		await visitor.say('[[text="Hello"]] Hi');
		await visitor.saidUntil(['visitor: [[text="Hello"]] Hi', "assistant: Hello"]);
		const { contacts } = await admin("GET", "contacts?email=jane@example.com");
		assert.deepEqual(
			contacts.map(({ name, email }) => [name, email]),
			[["Jane", "Jane@Example.com"]],
		);
		await visitor.page.reload();
		await visitor.saidUntil(['visitor: [[text="Hello"]] Hi', "assistant: Hello"]);
		await writing.waitFor();
		await visitor.context.close();
	});

	/** Waits until the owner is informed, and returns the browser's own errors. */
	async function toldOnce({ hints, complaints }, widget) {
		await until("the owner is told", () => hints.length > 0);
		assert.equal(hints.length, 1);
		assert.ok(hints[0].endsWith(`/api/widget/${widget.widget_id}/config`), hints[0]);
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
		await visitor.context.close();
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
		await visitor.context.close();
	});

	it("disappears when its id is changed", async () => {
		const widget = await createWidget({});
		const visitor = await site.visitWidget(widget.widget_id);
		await visitor.open();
		await visitor.say('[[text="Hello"]] Hi');
		await visitor.saidUntil(['visitor: [[text="Hello"]] Hi', "assistant: Hello"]);
		await admin("POST", `widgets/${widget.id}/reset-id`);
		await visitor.say("Are you there?");
		await visitor.logUntil("it says that the chat is not there", (text) =>
			text.includes("isn’t available here"),
		);
		await visitor.context.close();
	});
});
