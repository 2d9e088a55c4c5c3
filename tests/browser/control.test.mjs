// Controls and messages of the widget: stop, several tabs, keyboard, screen reader.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { numbered, until } from "../e2e/harness.mjs";
import { modelIsLeft } from "../e2e/replies.mjs";
import { missing } from "./browser.mjs";
import { exchange, isFocused, useSite } from "./site.mjs";

/** The tokens of a reply that is stopped: it sends this many and then hangs. */
const ENDLESS = "tokens=100 hold-after=10";
const COME = numbered(10);

describe("the controls and messages", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	const { banter, visit, stored } = site;

	const inMidReply = async (question) => (await visit()).begin(question, COME);

	it("a button beside Send stops the reply; its text stays, also after a reload", async () => {
		const visitor = await inMidReply(`[[${ENDLESS}]] stop me`);
		await modelIsLeft(banter, () => visitor.stop.click());
		await visitor.stopped.waitFor();
		const { messages } = await stored(await visitor.session(), 2, "stopped");
		assert.equal(messages[1].content, COME);
		// A page that did not receive the end in time also has the model's last space.
		assert.equal((await visitor.said()).at(-1).trimEnd(), `assistant: ${COME}`);
		const said = exchange(`[[${ENDLESS}]] stop me`, COME);
		await visitor.page.reload();
		await visitor.saidUntil(said);
		await visitor.stopped.waitFor();
		await visitor.ask("[[tokens=3]] go on", "t0 t1 t2", said);
		assert.deepEqual(visitor.complaints, []);
	});

	it("a double click on Send does not stop", async () => {
		const visitor = await (await visit()).open();
		const question = "[[tokens=10 hold-after=9]] double click";
		await visitor.box.fill(question);
		const send = visitor.chat.getByRole("button", { name: "Send message" });
		await send.hover(); // when it stands still
		const { x, y, width, height } = await send.boundingBox();
		const tools = await visitor.context.newCDPSession(visitor.page);
		const click = async (clickCount, timestamp) => {
			const mouse = { x: x + width / 2, y: y + height / 2, button: "left", clickCount, timestamp };
			for (const type of ["mousePressed", "mouseReleased"])
				await tools.send("Input.dispatchMouseEvent", { type, ...mouse });
		};
		const seconds = Date.now() / 1000;
		await click(1, seconds);
		await visitor.stop.waitFor();
		await click(2, seconds + 0.2);
		await banter.release("double click");
		await visitor.saidUntil(exchange(question, numbered(10)));
		await stored(await visitor.session(), 2);
	});

	it("the keyboard can stop: Tab reaches the button, and then the text field again", async () => {
		const visitor = await (await visit()).open();
		await visitor.say(`[[${ENDLESS}]] by keyboard`);
		await visitor.stop.waitFor();
		await visitor.page.keyboard.press("Tab");
		assert.ok(await isFocused(visitor.stop));
		await visitor.page.keyboard.press("Enter");
		await visitor.stopped.waitFor();
		await until("the writing line has the focus", () => isFocused(visitor.box));
	});

	it("Escape does not stop: it only closes the chat", async () => {
		const visitor = await inMidReply("[[tokens=20 hold-after=10]] escape");
		await visitor.page.keyboard.press("Escape");
		await visitor.chat.waitFor({ state: "hidden" });
		await banter.release("escape");
		await visitor.page.getByRole("button", { name: "Open chat, new reply" }).click();
		await visitor.saidUntil(exchange("[[tokens=20 hold-after=10]] escape", numbered(20)));
	});

	it("tabs share one connection, also while the one that has it is hidden", async () => {
		const FIRST = exchange("[[tokens=3]] first", "t0 t1 t2");
		const one = await (await visit()).open();
		await one.ask("[[tokens=3]] first", "t0 t1 t2");
		const two = await site.openTab(one.context);
		const sockets = [];
		for (const { page } of [one, two]) page.on("websocket", (socket) => sockets.push(socket.url()));
		await two.saidUntil(FIRST);
		await one.page.evaluate(() => {
			Object.defineProperty(document, "hidden", { value: true });
			document.dispatchEvent(new Event("visibilitychange"));
		});
		await two.ask("[[tokens=3]] second", "t0 t1 t2", FIRST);
		await one.saidUntil([...FIRST, ...exchange("[[tokens=3]] second", "t0 t1 t2")]);
		assert.deepEqual(sockets, []);
	});

	it("a refused message has its reason below it, and a retry can succeed", async () => {
		const visitor = await visit();
		let refused = 0;
		await visitor.page.routeWebSocket("**/v1/chat/ws*", (socket) => {
			const server = socket.connectToServer();
			socket.onMessage((text) => {
				const { type, id } = JSON.parse(text);
				const error = { type: "error", code: "invalid_message", message: "No", id };
				if (type === "message" && refused++ === 0) socket.send(JSON.stringify(error));
				else server.send(text);
			});
		});
		await visitor.page.reload();
		await visitor.open();
		await visitor.say("[[tokens=3]] hello");
		await visitor.chat.getByText("This message couldn’t be sent.").waitFor();
		await visitor.again.click();
		await visitor.saidUntil(exchange("[[tokens=3]] hello", "t0 t1 t2"));
	});

	it("a screen reader announces each reply once and completely, and no old ones", async () => {
		const visitor = await visit();
		await visitor.open();
		await visitor.live.waitFor({ state: "attached" });
		await visitor.page.evaluate(() => {
			window.heard = [];
			const root = document.querySelector("banter-chat").shadowRoot;
			new MutationObserver((records) => {
				for (const { addedNodes } of records)
					for (const node of addedNodes) window.heard.push(node.textContent);
			}).observe(root.querySelector("[aria-live=polite]"), { childList: true });
		});
		const heard = () => visitor.page.evaluate(() => window.heard);
		await visitor.say("[[tokens=10 hold-after=5]] read to me");
		await until("the beginning is heard", async () => (await heard()).length > 0);
		await banter.release("read to me");
		await until("it is heard", async () => (await heard()).length > 1);
		assert.deepEqual(await heard(), ["Support is writing", numbered(10)]);
		await visitor.say(`[[${ENDLESS}]] no more`);
		await visitor.logUntil("it has begun", (text) => text.split(COME).length > 2);
		await visitor.stop.click();
		await until("the stop is heard", async () => (await heard()).length > 3);
		const stopped = (await heard())[3];
		assert.match(stopped, /^Reply stopped\. t0 t1/);

		await visitor.page.reload();
		await visitor.stopped.waitFor();
		assert.equal(await visitor.live.textContent(), "");
	});
});
