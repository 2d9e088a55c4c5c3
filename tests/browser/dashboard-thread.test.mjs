// The dashboard's thread beside the visitor's page: what one does, the other sees. Real daemons, several browsers.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import { addUser } from "../e2e/accounts.mjs";
import { DEADLINE_MS, numbered, PASSWORD, until } from "../e2e/harness.mjs";
import { adminExpect, WIDGET } from "../e2e/organizations.mjs";
import { signed } from "../e2e/signed.mjs";
import { Visitor as Socket } from "../e2e/visitors.mjs";
import { violationsOf } from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { OperatorPage } from "./operator-page.mjs";
import { exchange, HELLO, isFocused, useSite } from "./site.mjs";

/** A reply with all that Markdown has. */
const MARKDOWN =
	'[[text="**Two ways**\\n\\n- [one](https://example.com)\\n\\n| a | b |\\n|---|---|\\n| 1 | 2 |\\n\\n> quote `code`\\n\\n```js\\nlet x;\\n```"]] md';

/** What the operator sees of HELLO. */
const GREETED = [`user: ${HELLO[0]}`, `assistant: ${HELLO[1]}`];

describe("the dashboard's thread", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	const { banter } = site;
	let jane;
	let joe;
	before(async () => {
		jane = await addUser(banter, "jane@example.com", "--name", "Jane");
		joe = await addUser(banter, "joe@example.com", "--name", "Joe");
	});

	const open = (id, login = jane, options = {}) => OperatorPage.open(site, id, login, options);

	/** A visitor on a page of his own, with one exchange; resolves to him and his conversation's id. */
	async function visit() {
		const visitor = await (await site.visit()).open();
		await visitor.ask(...HELLO);
		const { conversation } = await banter.threadOf(await visitor.session());
		return { visitor, id: conversation._id };
	}

	/** A conversation by the API alone. */
	async function talk(session, ...messages) {
		let answer;
		for (const message of messages) answer = await banter.chat(session, message);
		return answer.json.conversationId;
	}

	const state = async (id) => (await site.admin("GET", `conversations/${id}`)).conversation.state;

	describe("live", () => {
		it("shows a reply while it streams, as the visitor sees it, and announces it once", async () => {
			const { visitor, id } = await visit();
			const operator = await open(id);
			await operator.saidUntil(GREETED);
			await operator.listen();
			const question = "[[tokens=12 hold-after=5]] stream";
			await visitor.say(question);
			await until("its beginning is shown", async () =>
				(await operator.said()).at(-1)?.startsWith(`assistant: ${numbered(5)}`),
			);
			assert.equal(await operator.log.locator("[data-status=running]").count(), 1);
			assert.deepEqual((await operator.heard()).length, 1, "only the question is announced");
			await banter.release("stream");
			await operator.saidUntil([...GREETED, `user: ${question}`, `assistant: ${numbered(12)}`]);
			await until("it is announced", async () => (await operator.heard()).length === 2);
			assert.equal((await operator.heard())[1], `Assistant: ${numbered(12)}`);
			assert.deepEqual(operator.complaints, []);
		});

		it("shows the whole reply after its worker was killed", async () => {
			const { visitor, id } = await visit();
			const operator = await open(id);
			const question = "[[tokens=30 hold-after=10]] killed";
			await visitor.say(question);
			await until("its beginning is shown", async () =>
				(await operator.said()).at(-1)?.includes("t9"),
			);
			await banter.killWorkers(banter.workerPids());
			await until("it begins again", async () => (await banter.modelCalls("killed")) > 1);
			await banter.release("killed");
			await visitor.saidUntil([...exchange(...HELLO), ...exchange(question, numbered(30))]);
			await operator.saidUntil([...GREETED, `user: ${question}`, `assistant: ${numbered(30)}`]);
		});

		it("sends no requests while nothing happens, except its presence", async () => {
			const id = await talk("quiet", HELLO[0]);
			const asked = [];
			let reads = 0;
			const prepare = async (context) => {
				await context.clock.install();
				context.on("request", (request) => {
					if (request.url().includes(`${id}?latest=true&limit=50`)) reads++;
				});
			};
			const operator = await open(id, jane, { prepare });
			await operator.saidUntil(GREETED);
			await until("the messages were read again when the stream had begun", () => reads === 2);
			operator.page.on("request", (request) => {
				if (!request.url().endsWith("/presence")) asked.push(request.url());
			});
			await until(
				() => `nothing is asked within a minute any more, but: ${asked}`,
				async () => {
					asked.length = 0;
					await operator.page.clock.fastForward("01:00");
					await operator.said();
					return asked.length === 0;
				},
			);
			await talk("quiet", '[[text="More"]] and more');
			await operator.saidUntil([...GREETED, 'user: [[text="More"]] and more', "assistant: More"]);
			assert.deepEqual(
				asked.filter((url) => url.includes("limit=50")),
				[],
				"the messages came by the stream",
			);
		});

		it("marks how far a message has come in another chat, and what did not arrive", async () => {
			const channel = await adminExpect(banter, 201, "POST", "webhooks", {
				url: "https://adapter.example/",
				format: "channel",
				widget_id: WIDGET,
			});
			const post = async (what, value) => {
				const body = JSON.stringify(value);
				const headers = { "content-type": "application/json", ...signed(channel.secret, body) };
				const url = `${banter.url}/v1/channels/${channel.id}/${what}`;
				const answer = await fetch(url, { method: "POST", headers, body });
				assert.ok(answer.ok, await answer.clone().text());
				return answer.json();
			};
			const { conversationId, replyId: messageId } = await post("messages", {
				id: "1",
				from: { id: "ada" },
				text: HELLO[0],
			});
			const place = { conversationId, messageId };
			const operator = await open(conversationId);
			await operator.saidUntil(GREETED);
			assert.equal(await operator.log.locator(".row-ticks").count(), 0);
			await post("receipts", { ...place, state: "sent" });
			await operator.log.getByTitle(/^Sent, /).waitFor();
			await post("receipts", { ...place, state: "failed", reason: "The <bot> is blocked" });
			const mark = operator.log.locator('.row-mark[data-status="failed"]');
			await mark.waitFor();
			assert.equal(
				await mark.innerText(),
				"Not delivered:The <bot> is blocked\nThe person did not get this message. Reach them in another way, such as by e-mail.",
			);
			assert.equal(await operator.log.locator(".row-ticks").count(), 0);
			assert.deepEqual(await violationsOf(operator.page, "body"), []);
			await post("receipts", { ...place, state: "delivered" });
			const ticks = operator.log.getByTitle(/^Delivered, /);
			await ticks.waitFor();
			assert.deepEqual([await ticks.locator("svg").count(), await mark.count()], [2, 0]);
			await post("receipts", { ...place, state: "read" });
			await operator.log.getByTitle(/^Read, /).waitFor();
			await operator.page.reload();
			await operator.log.getByTitle(/^Read, /).waitFor();
		});

		it("marks a reply that was stopped, and one that the visitor has rated", async () => {
			const widget = await site.createWidget({ settings: { rating: true } });
			const visitor = await (await site.visitWidget(widget.widget_id)).open();
			await visitor.ask(...HELLO);
			const { conversations } = await site.admin("GET", `conversations?widgetId=${widget.id}`);
			const operator = await open(conversations[0]._id);
			await operator.saidUntil(GREETED);
			await visitor.chat.getByRole("button", { name: "Not helpful" }).click();
			await visitor.chat.getByRole("textbox", { name: "What was wrong?" }).fill("Too short");
			await visitor.page.keyboard.press("Enter");
			await operator.log.getByText("Too short").waitFor();
			await visitor.say("[[tokens=20 hold-after=3]] stop");
			await operator.log.getByText("t0 t1 t2").waitFor();
			await visitor.stop.click();
			await operator.log.getByText("Stopped", { exact: true }).waitFor();
		});

		it("shows how a reply came about when asked", async () => {
			const id = await talk("details", HELLO[0]);
			const operator = await open(id);
			await operator.log.getByRole("button", { name: "Details of this reply" }).click();
			for (const text of [
				...["Model", "gpt-4.1-mini", "First word after", "Complete after"],
				...["Calls of the model", "1", "End", "Complete", "Rating", "None"],
			])
				await operator.log.getByText(text, { exact: true }).waitFor();
			await operator.log.getByText(/^\d+ in, \d+ out$/).waitFor();
		});
	});

	it("says why the details of a reply are missing, and loads them when asked again", async () => {
		const { visitor, id } = await visit();
		const operator = await open(id);
		await operator.saidUntil(GREETED);
		await operator.page.route(`**/conversations/${id}?around=*`, (route) => route.abort());
		await visitor.say("[[tokens=3]] missing");
		await operator.saidUntil([
			...GREETED,
			"user: [[tokens=3]] missing",
			`assistant: ${numbered(3)}`,
		]);
		await operator.log.getByRole("button", { name: "Details of this reply" }).last().click();
		await operator.log.getByText("The server cannot be reached.").waitFor();
		await operator.page.unroute(`**/conversations/${id}?around=*`);
		await operator.log.getByRole("button", { name: "Try again" }).click();
		await operator.log.getByText("gpt-4.1-mini", { exact: true }).waitFor();
	});

	describe("long conversations", () => {
		const COUNT = 90;
		let id;
		let all;
		before(async () => {
			const messages = Array.from({ length: COUNT }, (_, i) => `[[text="Yes ${i}"]] ${i}`);
			id = await talk("long", ...messages);
			all = messages.flatMap((message, i) => [`user: ${message}`, `assistant: Yes ${i}`]);
		});

		it("load page by page, without a jump of what is being read", async () => {
			const operator = await open(id);
			await until("the end is shown", async () => (await operator.said()).at(-1) === all.at(-1));
			assert.ok((await operator.said()).length < all.length);
			const isAtEnd = () =>
				operator.log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 2);
			await until("it stands at the end", isAtEnd);

			const jumps = await operator.log.evaluate(
				async (box, [count, ms]) => {
					const rows = () => [...box.querySelectorAll("[data-row]")];
					const end = performance.now() + ms;
					let found = 0;
					while (rows().length < count) {
						box.scrollTop = 200;
						const many = rows().length;
						const edge = box.getBoundingClientRect().top;
						const seen = rows().find((one) => one.getBoundingClientRect().bottom > edge);
						const { row: id } = seen.dataset;
						const top = () => box.querySelector(`[data-row="${id}"]`).getBoundingClientRect().top;
						const before = top();
						while (rows().length === many) {
							await new Promise(requestAnimationFrame);
							if (performance.now() > end) throw new Error(`only ${many} are loaded`);
						}
						await new Promise(requestAnimationFrame);
						if (Math.abs(top() - before) > 1) found++;
					}
					return found;
				},
				[all.length, DEADLINE_MS],
			);
			assert.equal(jumps, 0);
			assert.deepEqual(await operator.said(), all);
			await operator.log.getByText("The conversation begins here.").waitFor();

			await talk("long", '[[text="Late"]] late');
			const button = operator.page.getByRole("button", { name: "New messages" });
			await button.click();
			await until("the new message is in view", isAtEnd);
			assert.equal((await operator.said()).at(-1), "assistant: Late");
		});

		it("open at a linked message, and load both ways from there", async () => {
			const { messages } = await site.admin("GET", `conversations/${id}`);
			const linked = messages[80];
			const operator = await open(id, jane, { search: `?message=${linked._id}` });
			const row = operator.log.locator("[aria-current=true]");
			await row.getByText(linked.content).waitFor();
			await until("it is in view", () =>
				row.evaluate((node) => {
					const box = node.closest("[role=log]").getBoundingClientRect();
					const { top, bottom } = node.getBoundingClientRect();
					return top >= box.top && bottom <= box.bottom;
				}),
			);
			await operator.page
				.getByRole("button", { name: /To the newest message|New messages/ })
				.click();
			await until("the newest is shown", async () =>
				(await operator.said()).at(-1).endsWith(messages.at(-1).content),
			);
		});

		it("stay at the end while a long reply is drawn piece by piece", async () => {
			const own = await talk("drawn", HELLO[0]);
			const operator = await open(own);
			await operator.saidUntil(GREETED);
			await operator.log.evaluate((box) => {
				window.removed = 0;
				new MutationObserver((records) => {
					for (const { removedNodes } of records)
						for (const node of removedNodes) window.removed += node.nodeName === "P" ? 1 : 0;
				}).observe(box, { childList: true, subtree: true });
			});
			await talk("drawn", "[[tokens=3000]] a long one");
			await until("the whole reply is drawn", async () =>
				(await operator.said()).at(-1).endsWith("t2999"),
			);
			await until("its end is in view", () =>
				operator.log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 2),
			);
			assert.equal(await operator.page.evaluate(() => window.removed), 0, "it is drawn once");
		});

		it("keep the place while the side panel changes their width", async () => {
			const operator = await open(id);
			await until("the messages are shown", async () => (await operator.said()).length > 0);
			/** The first visible message, and how far its top is from the one of the box, in pixels. */
			const place = () =>
				operator.log.evaluate((box) => {
					const edge = box.getBoundingClientRect().top;
					const rows = [...box.querySelectorAll("[data-row]")];
					const first = rows.find((row) => row.getBoundingClientRect().bottom > edge);
					return [first.dataset.row, Math.round(first.getBoundingClientRect().top - edge)].join();
				});
			await operator.log.evaluate((box) => box.scrollBy(0, -box.clientHeight * 1.5));
			const before = await place();
			for (const isOpen of [false, true]) {
				await operator.page.getByRole("button", { name: "Details", exact: true }).click();
				await operator.side.waitFor({ state: isOpen ? "visible" : "detached" });
				await until("the same message is at the top", async () => (await place()) === before);
			}
		});

		it("say that a linked message does not exist any more", async () => {
			const unknown = "01936b2e-8f00-7a3c-9d41-2f6b1c0e5a77";
			const operator = await open(id, jane, { search: `?message=${unknown}` });
			await operator.page.getByText("The linked message no longer exists").waitFor();
		});
	});

	describe("a person who answers", () => {
		it("takes over, writes, is written to, and hands back", async () => {
			const { visitor, id } = await visit();
			const operator = await open(id);
			await operator.saidUntil(GREETED);
			await operator.takeOver("Jane");
			await visitor.chat.getByText("Jane has joined").waitFor();

			await operator.box.pressSequentially("Hello");
			await visitor.chat.getByText("Jane is writing").waitFor({ state: "attached" });
			await operator.send("Hello, **I** am [here](https://example.com).\n\n- first");
			await visitor.saidUntil([
				...exchange(...HELLO),
				"assistant: Hello, I am here (example.com).first",
			]);
			assert.equal(await operator.log.locator("strong").textContent(), "I");

			await visitor.box.pressSequentially("Good");
			await operator.log.getByText("is writing").first().waitFor();
			await visitor.say("**Thanks** <b>you</b>");
			const shown = [
				...GREETED,
				"operator: Hello, I am here (example.com).first",
				"user: **Thanks** <b>you</b>",
			];
			await operator.saidUntil(shown);
			await operator.page.getByRole("button", { name: "Hand back to the assistant" }).click();
			await visitor.chat.getByText("Jane has left").waitFor();
			await operator.takeOverButton.waitFor();
			assert.equal(await operator.box.isVisible(), true, "the box stays");
			await visitor.say('[[text="Again me"]] who?');
			await operator.saidUntil([...shown, 'user: [[text="Again me"]] who?', "assistant: Again me"]);
			assert.deepEqual(operator.complaints, []);
			assert.deepEqual(visitor.complaints, []);
		});

		it("sends a message once although its answer was lost", async () => {
			const id = await talk("lost", HELLO[0]);
			const operator = await open(id);
			await operator.takeOver();
			let posts = 0;
			await operator.page.route("**/messages", async (route) => {
				posts++;
				if (posts > 1) return route.continue();
				await route.fetch();
				return route.abort();
			});
			await operator.send("Only once");
			await until("it was sent again", () => posts === 2);
			await operator.saidUntil([...GREETED, "operator: Only once"]);
			await operator.send("And another");
			await operator.saidUntil([...GREETED, "operator: Only once", "operator: And another"]);
			// A message shows before it is stored.
			const stored = async () =>
				(await banter.thread(id)).messages.slice(2).map(({ content }) => content);
			await until("both are stored", async () => (await stored()).length >= 2);
			assert.deepEqual(await stored(), ["Only once", "And another"]);
		});

		it("sends by itself what was written offline, when the network is back", async () => {
			const id = await talk("offline", HELLO[0]);
			const operator = await open(id);
			await operator.takeOver();
			await operator.context.setOffline(true);
			await operator.send("Written offline");
			await operator.page.getByText("You are offline").waitFor();
			await operator.log.getByText("The server cannot be reached.").waitFor();
			await operator.context.setOffline(false);
			await operator.log.getByText("Not sent.").waitFor({ state: "detached" });
			await operator.saidUntil([...GREETED, "operator: Written offline"]);
			assert.equal((await banter.thread(id)).messages.length, 3);
		});

		it("keeps what could not be sent, also over a reload, and sends it when asked", async () => {
			const id = await talk("unsent", HELLO[0]);
			const operator = await open(id);
			await operator.takeOver();
			let isDown = true;
			await operator.context.route("**/messages", (route) =>
				isDown ? route.fulfill({ status: 400, body: "{}" }) : route.continue(),
			);
			await operator.send("Do not lose me");
			await operator.log.getByText("Not sent.").waitFor();
			await operator.box.fill("A draft");
			await operator.page.reload();
			await operator.log.getByText("Not sent.").waitFor();
			assert.equal(await operator.box.inputValue(), "A draft");
			isDown = false;
			await operator.log.getByRole("button", { name: "Try again" }).click();
			await operator.saidUntil([...GREETED, "operator: Do not lose me"]);
			assert.equal((await banter.thread(id)).messages.length, 3);
		});

		it("inserts snippets, which a slash finds, at the caret", async () => {
			await site.admin("POST", "snippets", { name: "hours", text: "We are open from 9 to 5." });
			await site.admin("POST", "snippets", { name: "parcel", text: "It leaves today." });
			const id = await talk("snippets", HELLO[0]);
			const operator = await open(id);
			await operator.takeOver();
			await operator.box.pressSequentially("Well, /");
			const options = operator.page.getByRole("option");
			await until("both are offered", async () => (await options.count()) === 2);
			await operator.box.pressSequentially("pa");
			await until("one is left", async () => (await options.count()) === 1);
			await operator.box.press("Enter");
			assert.equal(await operator.box.inputValue(), "Well, It leaves today.");
			await operator.box.press("Shift+Enter");
			await operator.box.pressSequentially("Bye");
			await operator.box.press("Control+Enter");
			await operator.saidUntil([...GREETED, "operator: Well, It leaves today.\nBye"]);
		});

		it("writes notes that the visitor does not see", async () => {
			const { visitor, id } = await visit();
			const operator = await open(id);
			await operator.saidUntil(GREETED);
			await operator.page.keyboard.press("n");
			await operator.noteBox.fill("Prefers e-mail");
			await operator.noteBox.press("Enter");
			await operator.saidUntil([...GREETED, "note: Prefers e-mail"]);
			await operator.side.getByText("Prefers e-mail").waitFor();
			assert.equal(await operator.noteBox.inputValue(), "");
			await visitor.page.reload();
			await visitor.saidUntil(exchange(...HELLO));
			await operator.side.getByRole("button", { name: "Delete note" }).click();
			await operator.page
				.getByRole("dialog")
				.getByRole("button", { name: "Delete", exact: true })
				.click();
			await operator.saidUntil(GREETED);
		});

		it("uses the keyboard: r, n, e and Escape", async () => {
			const id = await talk("keys", HELLO[0]);
			const operator = await open(id);
			await operator.saidUntil(GREETED);
			await operator.page.keyboard.press("r");
			await until("r leads to the text", () => isFocused(operator.box));
			await operator.page.keyboard.press("Escape");
			assert.equal(await isFocused(operator.box), false);
			await operator.page.keyboard.press("n");
			await until("n leads to the note", () => isFocused(operator.noteBox));
			await operator.page.keyboard.press("Escape");
			await operator.page.keyboard.press("e");
			await until("e resolves", async () => (await state(id)) === "resolved");
			await operator.page.getByRole("button", { name: "Reopen" }).waitFor();
		});
	});

	describe("the reply box", () => {
		it("is there from the beginning: the first message takes over", async () => {
			const { visitor, id } = await visit();
			const operator = await open(id);
			await operator.send("Here I am");
			await visitor.chat.getByText("Jane has joined").waitFor();
			await visitor.saidUntil([...exchange(...HELLO), "assistant: Here I am"]);
			await operator.handBack.waitFor();
			await operator.handBack.click();
			await operator.takeOverButton.waitFor();
			await operator.send("And again");
			await operator.handBack.waitFor();
			await operator.saidUntil([...GREETED, "operator: Here I am", "operator: And again"]);
		});

		it("takes the focus with Note and with Reply", async () => {
			const id = await talk("segments", HELLO[0]);
			const operator = await open(id);
			await operator.page.getByText("Note", { exact: true }).click();
			await operator.page.keyboard.type("for the team");
			assert.equal(await operator.noteBox.inputValue(), "for the team");
			await operator.page.getByText("Reply", { exact: true }).click();
			await operator.page.keyboard.type("for the visitor");
			assert.equal(await operator.box.inputValue(), "for the visitor");
			assert.equal((await banter.thread(id)).messages.length, 2, "no key ran a command");
		});

		it("keeps the focus and each letter while a colleague takes over, hands back and resolves", async () => {
			const id = await talk("taken-from-me", HELLO[0]);
			const first = await open(id, jane);
			const second = await open(id, joe);
			await first.takeOver();
			await first.box.pressSequentially("re");
			await second.takeOver();
			await first.page.getByText("Joe answers this visitor.").waitFor();
			await first.page.keyboard.type("ne");
			await second.handBack.click();
			await first.page.getByText("The assistant is answering.").waitFor();
			await first.page.keyboard.type("ar");
			await second.page.getByRole("button", { name: "Resolve" }).click();
			await first.page.getByRole("button", { name: "Reopen" }).waitFor();
			await first.page.keyboard.type("e");
			assert.equal(await first.box.inputValue(), "renear" + "e");
			assert.equal(await state(id), "resolved");
			assert.equal(await isFocused(first.box), true);
		});

		it("has the focus again after a click on its button", async () => {
			const id = await talk("by-button", HELLO[0]);
			const operator = await open(id);
			await operator.box.fill("By button");
			await operator.page.getByRole("button", { name: "Send", exact: true }).click();
			await operator.handBack.waitFor();
			assert.equal(await isFocused(operator.box), true);
			await operator.page.getByText("Note", { exact: true }).click();
			await operator.noteBox.fill("For the team");
			await operator.page.getByRole("button", { name: "Add note" }).click();
			await until("it is stored", async () => (await operator.noteBox.inputValue()) === "");
			assert.equal(await isFocused(operator.noteBox), true);
		});

		it("does not take the conversation from a colleague by Enter", async () => {
			const id = await talk("enter-later", HELLO[0]);
			const first = await open(id, jane);
			const second = await open(id, joe);
			await first.box.pressSequentially("I was writing");
			await second.takeOver();
			await first.page.getByText("Joe answers this visitor.").waitFor();
			await first.page.keyboard.press("Enter");
			await first.log.getByText("Somebody else has taken over in the meantime.").waitFor();
			assert.equal((await banter.thread(id)).conversation.operator.name, "Joe");
			await first.log.getByRole("button", { name: "Take over and send" }).click();
			await second.saidUntil([...GREETED, "operator: I was writing"]);
		});

		it("says who was faster, and takes over when asked", async () => {
			const id = await talk("faster-send", HELLO[0]);
			const first = await open(id, jane);
			// The second one does not hear of it.
			const second = await open(id, joe, {
				prepare: (context) => context.route("**/events*", (route) => route.abort()),
			});
			await second.takeOverButton.waitFor();
			await first.takeOver();
			await second.send("Me, too");
			await second.log.getByText("Somebody else has taken over in the meantime.").waitFor();
			await first.handBack.waitFor();
			await second.log.getByRole("button", { name: "Take over and send" }).click();
			await first.saidUntil([...GREETED, "operator: Me, too"]);
			await first.page.getByText("Joe answers this visitor.").waitFor();
			await first.box.fill("Back to me");
			await first.page.getByRole("button", { name: "Take over and send" }).click();
			await first.saidUntil([...GREETED, "operator: Me, too", "operator: Back to me"]);
		});
	});

	describe("keys that were meant for a text", () => {
		for (const [what, leave] of [
			["whose field was removed", (node) => node.remove()],
			["whose field was disabled", (node) => node.setAttribute("disabled", "")],
			["whose field was hidden", (node) => node.style.setProperty("display", "none")],
		])
			it(`run no commands: ${what}, until the user acts`, async () => {
				const id = await talk(`lost ${what}`.replaceAll(" ", "-"), HELLO[0]);
				const operator = await open(id);
				const { page } = operator;
				await operator.box.pressSequentially("Pleas");
				await operator.box.evaluate(leave);
				await page.keyboard.type("e an");
				// No test can move the clock of a browser's events.
				const ended = performance.now() + 1_200;
				await until("a second is over", () => performance.now() > ended);
				await page.keyboard.type("e");
				assert.equal(await page.getByRole("dialog").count(), 0);
				assert.equal(await state(id), "open");
				await page.getByRole("heading", { level: 2 }).first().click();
				await page.keyboard.press("e");
				await until("e resolves", async () => (await state(id)) === "resolved");
			});

		it("run no commands: whose field was removed before the first one, or long after Enter", async () => {
			const id = await talk("first-letter", HELLO[0]);
			const operator = await open(id);
			await operator.box.click();
			await operator.box.evaluate((node) => node.remove());
			await operator.page.keyboard.type("e");
			const again = await open(id);
			await again.send("On its way");
			await until("the operator has it", async () => (await state(id)) === "person");
			const ended = performance.now() + 1_200;
			await until("a second is over", () => performance.now() > ended);
			await again.box.evaluate((node) => node.remove());
			await again.page.keyboard.type("e");
			assert.equal(await again.page.getByRole("dialog").count(), 0);
			assert.equal(await state(id), "person");
		});

		it("are those of an input method: Enter confirms a word, and sends or picks nothing", async () => {
			const id = await talk("input-method", HELLO[0]);
			const operator = await open(id);
			const confirm = (locator) =>
				locator.evaluate((node) => {
					// As Safari does it: the composition has ended already.
					const key = { key: "Enter", keyCode: 229, bubbles: true, cancelable: true };
					return node.dispatchEvent(new KeyboardEvent("keydown", key));
				});
			await operator.box.fill("にほん");
			assert.equal(await confirm(operator.box), true, "the input method has the key");
			assert.equal(await operator.box.inputValue(), "にほん");
			await operator.page.keyboard.press("Control+k");
			const palette = operator.page.getByRole("dialog", { name: "Commands" });
			await palette.getByRole("combobox").fill("widgets");
			assert.equal(await confirm(palette.getByRole("combobox")), true);
			await palette.waitFor();
			assert.equal((await banter.thread(id)).messages.length, 2);
		});

		it("run no commands within a second after Enter", async () => {
			const id = await talk("enter", HELLO[0]);
			const operator = await open(id);
			await operator.box.pressSequentially("Bye");
			await operator.box.press("Enter");
			await operator.box.evaluate((node) => node.blur());
			await operator.page.keyboard.press("e");
			await operator.saidUntil([...GREETED, "operator: Bye"]);
			// The message shows before the server has it, and with it the conversation.
			await until("the operator has it", async () => (await state(id)) === "person");
		});
	});

	for (const [before, prepare] of [
		["open", async () => {}],
		["waiting", (id) => site.admin("PUT", `conversations/${id}`, { state: "waiting" })],
		["person", (_, operator) => operator.takeOver()],
	])
		it(`e twice restores the state before: ${before}`, async () => {
			const id = await talk(`twice-${before}`, HELLO[0]);
			const operator = await open(id);
			await prepare(id, operator);
			await until("it is so", async () => (await state(id)) === before);
			await operator.page.getByRole("heading", { level: 2 }).first().click();
			await operator.page.keyboard.press("e");
			await operator.page.keyboard.press("e");
			await operator.page.getByText("The conversation is open again.").first().waitFor();
			await until("it is as before", async () => (await state(id)) === before);
			await operator.page.keyboard.press("e");
			await until("a third one resolves it", async () => (await state(id)) === "resolved");
			// That of the last message, not of one before.
			const toast = operator.page.locator(".toast").last();
			await until("the message is there", async () =>
				(await toast.textContent()).includes("is resolved"),
			);
			await toast.getByRole("button", { name: "Undo" }).click();
			await until("so does undo", async () => (await state(id)) === before);
		});

	it("e twice does not restore what was before a colleague's change", async () => {
		const id = await talk("twice-between", HELLO[0]);
		const first = await open(id, jane);
		const second = await open(id, joe);
		const button = (operator, name) => operator.page.getByRole("button", { name, exact: true });
		await first.takeOver();
		await first.page.getByRole("heading", { level: 2 }).first().click();
		await first.page.keyboard.press("e");
		await button(second, "Reopen").click();
		await button(first, "Resolve").waitFor();
		await button(second, "Resolve").click();
		await button(first, "Reopen").waitFor();
		await first.page.keyboard.press("e");
		await first.page.getByText("The conversation is open again.").waitFor();
		assert.equal(await state(id), "open");

		await first.page.keyboard.press("e");
		await button(first, "Reopen").waitFor();
		await second.takeOverButton.click();
		await first.page.getByText("Joe answers this visitor.").waitFor();
		await first.page.keyboard.press("e");
		await first.page.getByText("A colleague has taken over this conversation.").waitFor();
		assert.equal(await state(id), "person");
		await first.page.keyboard.press("e");
		await until("whoever means it, resolves it", async () => (await state(id)) === "resolved");
	});

	it("e twice leaves a conversation to whom it was assigned meanwhile", async () => {
		const id = await talk("twice-assigned", HELLO[0]);
		const operator = await open(id);
		await operator.takeOver();
		await operator.page.getByRole("heading", { level: 2 }).first().click();
		await operator.page.keyboard.press("e");
		await operator.page.getByRole("button", { name: "Reopen" }).waitFor();
		const { users } = await site.admin("GET", "users");
		const other = users.find(({ name }) => name === "Joe").id;
		await site.admin("PUT", `conversations/${id}`, { assignedTo: other });
		await operator.page.getByRole("button", { name: "Joe: Assign conversation" }).waitFor();
		await operator.page.keyboard.press("e");
		await operator.page.getByText("The conversation is open again.").waitFor();
		const { conversation } = await site.admin("GET", `conversations/${id}`);
		assert.deepEqual([conversation.state, conversation.assignedTo], ["open", other]);
	});

	it("undo of a resolution does not resolve what a colleague has opened meanwhile", async () => {
		const id = await talk("undo-between", HELLO[0]);
		const first = await open(id, jane);
		const second = await open(id, joe);
		await first.page.getByRole("button", { name: "Resolve" }).click();
		const undo = first.page.getByRole("button", { name: "Undo" });
		await undo.focus();
		await second.page.getByRole("button", { name: "Reopen" }).click();
		await first.page.getByRole("button", { name: "Resolve", exact: true }).waitFor();
		await undo.click();
		await first.page.getByText("The conversation is open again.").waitFor();
		await first.send("Still there?");
		await first.saidUntil([...GREETED, "operator: Still there?"]);
		// The message is shown before it is stored.
		await until("it is a person's", async () => (await state(id)) === "person");
	});

	describe("two operators", () => {
		it("see each other, and one takes the conversation from the other", async () => {
			const { visitor, id } = await visit();
			const first = await open(id, jane);
			await first.takeOver();
			const second = await open(id, joe);
			await first.page.getByText("Joe is also looking at this").waitFor();
			await second.page.getByText("Jane is also looking at this").waitFor();
			await first.box.pressSequentially("Let me");
			await second.page.getByText("Jane is writing…").waitFor();
			await second.page.getByText("Jane is replying").waitFor();

			await second.page.getByText("Jane answers this visitor.").waitFor();
			await second.page.getByRole("button", { name: "Take over from Jane" }).click();
			await second.handBack.waitFor();
			await first.page.getByText("Joe answers this visitor.").waitFor();
			assert.equal(await first.box.inputValue(), "Let me");
			await second.send("Joe here.");
			await visitor.saidUntil([...exchange(...HELLO), "assistant: Joe here."]);
			await first.saidUntil([...GREETED, "operator: Joe here."]);
			await second.page.goto("about:blank");
			await until(
				"Joe has left",
				async () => (await first.page.getByText("Joe is also looking at this").count()) === 0,
			);
		});

		it("are told who was faster", async () => {
			const id = await talk("faster", HELLO[0]);
			const first = await open(id, jane);
			await first.takeOverButton.waitFor();
			// The second one does not hear of it.
			const second = await open(id, joe, {
				prepare: (context) => context.route("**/events*", (route) => route.abort()),
			});
			await second.takeOverButton.waitFor();
			await first.takeOver();
			await second.takeOverButton.click();
			await second.page.getByText("Somebody else has taken over in the meantime.").waitFor();
			await second.page.getByRole("button", { name: "Take over anyway" }).click();
			await second.handBack.waitFor();
			await first.page.getByText("Joe answers this visitor.").waitFor();
		});

		it("do not overwrite each other's changes of the contact", async () => {
			const widget = await site.createWidget({
				contact_info_mode: "optional",
				collect_name: true,
				collect_email: true,
			});
			const socket = await Socket.open(banter, widget);
			await socket.introduce({ name: "Ann", email: "ann@example.com" });
			await socket.ask("[[echo]] hello");
			const { conversations } = await site.admin("GET", `conversations?widgetId=${widget.id}`);
			const [{ _id: id }] = conversations;
			const first = await open(id, jane);
			const second = await open(id, joe);
			for (const { side } of [first, second])
				await side.getByRole("button", { name: "Edit contact" }).click();
			// Before the other one saves: a form without changes would take the new version.
			const name = second.side.getByRole("textbox", { name: "Name" });
			await name.fill("Ann Lee");
			const email = first.side.getByRole("textbox", { name: "E-mail" });
			await email.fill("nonsense");
			await first.side.getByRole("button", { name: "Save" }).click();
			await until(
				"the field says why",
				async () => (await email.getAttribute("aria-invalid")) === "true",
			);
			await email.fill("ann@shop.example");
			await first.side.getByRole("button", { name: "Save" }).click();
			await first.side.getByRole("link", { name: "ann@shop.example" }).waitFor();

			await second.page.getByRole("link", { name: "Widgets", exact: true }).click();
			await second.page.getByRole("heading", { name: "Widgets", level: 1 }).waitFor();
			await second.page.goBack();
			await name.waitFor();
			assert.equal(await name.inputValue(), "Ann Lee", "unsaved changes stay");
			await second.side.getByRole("button", { name: "Save" }).click();
			await second.side.getByText("Nothing was overwritten").waitFor();
			await second.side.getByRole("button", { name: "Keep my changes" }).click();
			await second.side.getByRole("button", { name: "Save" }).click();
			for (const { page, side } of [first, second]) {
				await side.getByRole("link", { name: "Ann Lee" }).waitFor();
				await side.getByRole("link", { name: "ann@shop.example" }).waitFor();
				await page.getByRole("heading", { name: "Ann Lee" }).waitFor();
			}
			await socket.close();
		});

		it("see a deletion at once; what was being written is not lost", async () => {
			const { visitor, id } = await visit();
			const first = await open(id, jane);
			const second = await open(id, joe);
			await second.page.keyboard.press("n");
			await second.noteBox.fill("I am not done");
			await first.page.getByRole("button", { name: "More actions for this conversation" }).click();
			await first.page.getByRole("menuitem", { name: "Delete conversation" }).click();
			const dialog = first.page.getByRole("dialog");
			await dialog.getByText("all notes of the team").waitFor();
			await dialog.getByRole("button", { name: "Delete", exact: true }).click();
			for (const { page } of [first, second])
				await page.getByText("This conversation was deleted").waitFor();
			await second.page.getByText("I am not done").waitFor();
			await visitor.saidUntil([]);
		});
	});

	describe("what is known besides", () => {
		it("page, browser, context of the site, and other conversations", async () => {
			const body = {
				sessionId: "known",
				message: HELLO[0],
				page: {
					url: "https://shop.example/cacti",
					title: "Cacti",
					referrer: "https://search.example/",
					language: "de-AT",
				},
				context: { plan: "Gold" },
			};
			const { json } = await banter.request("POST", "/v1/chat", {
				headers: { "x-api-key": "widget-key-of-the-end-to-end-tests", "user-agent": "x" },
				body,
			});
			const { side } = await open(json.conversationId);
			for (const text of ["Cacti", "search.example/", "Austrian German", "plan", "Gold"])
				await side.getByText(text, { exact: true }).waitFor();
		});

		it("tags: created, removed and added again, seen by others", async () => {
			const id = await talk("tags", HELLO[0]);
			const first = await open(id, jane);
			const second = await open(id, joe);
			await first.side.getByRole("button", { name: "Add tag" }).click();
			const field = first.side.getByRole("combobox", { name: "Find or create a tag" });
			await field.fill("Delivery");
			await field.press("Enter");
			for (const { side } of [first, second])
				await side.getByRole("button", { name: "Remove tag Delivery" }).waitFor();
			await second.side.getByRole("button", { name: "Remove tag Delivery" }).click();
			await first.side
				.getByRole("button", { name: "Remove tag Delivery" })
				.waitFor({ state: "detached" });
			await field.fill("deli");
			await field.press("Enter");
			await second.side.getByRole("button", { name: "Remove tag Delivery" }).waitFor();
			const { tags } = await site.admin("GET", "tags");
			assert.equal(tags.filter(({ name }) => name === "Delivery").length, 1);
		});

		it("tags: two people who add one at the same time keep both", async () => {
			const id = await talk("tagged-by-two", HELLO[0]);
			const names = ["Fragile", "Heavy"];
			for (const name of names) await site.admin("POST", "tags", { name, color: "#c2410c" });
			const operators = [await open(id, jane), await open(id, joe)];
			// Neither page can know of the other's tag when it sends its own.
			const held = [];
			for (const { page } of operators)
				await page.route(`**/v1/admin/conversations/${id}`, async (route) => {
					if (route.request().method() === "PUT") held.push(route);
					else await route.continue();
				});
			for (const [i, { side }] of operators.entries()) {
				await side.getByRole("button", { name: "Add tag" }).click();
				await side.getByRole("combobox", { name: "Find or create a tag" }).fill(names[i]);
				await side.getByRole("option", { name: names[i], exact: true }).click();
			}
			await until("both are sent", () => held.length === 2);
			for (const route of held) await route.continue();
			for (const { side } of operators)
				for (const name of names)
					await side.getByRole("button", { name: `Remove tag ${name}` }).waitFor();
			const { conversation } = await site.admin("GET", `conversations/${id}`);
			assert.equal(conversation.tags.length, 2);
		});

		it("status, and who is in charge", async () => {
			const id = await talk("status", HELLO[0]);
			const operator = await open(id, joe);
			await operator.page.getByRole("button", { name: "Open: change the status" }).click();
			await operator.page.getByRole("menuitemradio", { name: "Waiting for a person" }).click();
			await until("it waits", async () => (await state(id)) === "waiting");
			const { users } = await site.admin("GET", "users");
			const assigned = async () =>
				(await site.admin("GET", `conversations/${id}`)).conversation.assignedTo;
			const button = (name) =>
				operator.page.getByRole("button", { name: `${name}: Assign conversation` });
			await button("Unassigned").click();
			await operator.page.getByRole("option", { name: "Jane" }).click();
			await button("Jane").waitFor();
			const said = operator.page.getByRole("status");
			await said.getByText("Assigned to Jane.").waitFor();
			assert.equal(await assigned(), users.find(({ name }) => name === "Jane").id);
			assert.equal(await isFocused(button("Jane")), true, "the focus is back");
			// The same by keys: nobody is found by a few letters.
			await operator.page.keyboard.press("a");
			await operator.page.locator("[role=combobox]:focus").waitFor();
			await operator.page.keyboard.type("no o");
			const options = operator.page.getByRole("option");
			await until("only nobody is listed", async () => (await options.count()) === 1);
			await operator.page.keyboard.press("Enter");
			await said.getByText("Assigned to no one.").waitFor();
			assert.equal(await assigned(), null);
		});

		it("rolls a refused change back, and says why", async () => {
			const id = await talk("refused", HELLO[0]);
			const operator = await open(id);
			await operator.page.route(`**/conversations/${id}`, (route) =>
				route.request().method() === "PUT"
					? route.fulfill({ status: 503, body: '{"error":"no store"}' })
					: route.continue(),
			);
			await operator.page.getByRole("button", { name: "Resolve" }).click();
			await operator.page.getByText("The server is not ready: no store.").waitFor();
			await operator.page.getByRole("button", { name: "Resolve" }).waitFor();
		});

		it("exports of the conversation, and links to it", async () => {
			const id = await talk("export", HELLO[0]);
			const operator = await open(id, jane, {
				permissions: ["clipboard-read", "clipboard-write"],
			});
			const save = async (name) => {
				await operator.page
					.getByRole("button", { name: "More actions for this conversation" })
					.click();
				const [file] = await Promise.all([
					operator.page.waitForEvent("download"),
					operator.page.getByRole("menuitem", { name }).click(),
				]);
				return readFile(await file.path(), "utf8");
			};
			assert.ok((await save("Export as text")).includes(HELLO[1]));
			const { messages } = JSON.parse(await save("Export as JSON"));
			assert.equal(messages[1].content, HELLO[1]);
			await operator.log.getByRole("button", { name: "Copy link to this message" }).last().click();
			await operator.page.getByText("The link is in the clipboard.").waitFor();
			assert.equal(
				await operator.page.evaluate(() => navigator.clipboard.readText()),
				`${banter.url}/conversations/${id}?message=${messages[1]._id}`,
			);
		});
	});

	describe("what goes wrong", () => {
		it("an unknown conversation is said plainly", async () => {
			const operator = new OperatorPage(site, await (await site.newContext()).newPage());
			await operator.page.goto(`${banter.url}/login?next=/conversations/unknown`);
			await operator.page.getByRole("button", { name: "Use only the password" }).click();
			await operator.page.getByLabel("Password").fill(PASSWORD);
			await operator.page.getByRole("button", { name: "Log in" }).click();
			await operator.page.getByText("Conversation not found").waitFor();
		});

		it("a lost stream is said; the messages are there when it is back", async () => {
			const id = await talk("stream", HELLO[0]);
			let isDown = false;
			const operator = await open(id, jane, {
				prepare: (context) =>
					context.route(`**/conversations/${id}/events`, (route) =>
						isDown ? route.fulfill({ status: 503 }) : route.continue(),
					),
			});
			await operator.saidUntil(GREETED);
			isDown = true;
			await banter.killWorkers(banter.workerPids());
			await operator.page.getByText("The connection is interrupted").waitFor();
			await banter.ready();
			await talk("stream", '[[text="Later"]] later');
			isDown = false;
			await operator.saidUntil([...GREETED, 'user: [[text="Later"]] later', "assistant: Later"]);
			await operator.page.getByText("The connection is interrupted").waitFor({ state: "detached" });
		});
	});

	for (const [name, options] of [
		["light", {}],
		["dark", { colorScheme: "dark" }],
		["on a phone", { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
		["in dark on a phone", { viewport: { width: 360, height: 740 }, colorScheme: "dark" }],
	])
		describe(`leaves axe nothing to report, ${name}:`, () => {
			const isPhone = options.viewport !== undefined;
			const visitAs = async (session, login = jane) => {
				const id = await talk(`${session} ${name}`.replaceAll(" ", "-"), HELLO[0], MARKDOWN);
				const operator = await open(id, login, options);
				await operator.log.getByText("Two ways").last().waitFor();
				return { id, operator, page: operator.page };
			};
			async function check({ page }) {
				// A dialog that still appears is too faint.
				await page.evaluate(() => {
					for (const one of document.getAnimations())
						if (Number.isFinite(one.effect.getComputedTiming().endTime)) one.finish();
				});
				assert.deepEqual(await violationsOf(page, "body"), []);
				const isWide = await page.evaluate(
					() => document.documentElement.scrollWidth > window.innerWidth,
				);
				assert.equal(isWide, false, "nothing is wider than the window");
			}

			it("reading, with details and notes", async () => {
				const { id, operator, page } = await visitAs("reading");
				await site.admin("POST", `conversations/${id}/notes`, { text: "A note" });
				await operator.log.getByText("A note").waitFor();
				await operator.log.getByRole("button", { name: "Details of this reply" }).last().click();
				await operator.log.getByText("gpt-4.1-mini").waitFor();
				await check(operator);
				await page.getByRole("button", { name: "Open: change the status" }).click();
				await page.getByRole("menuitemradio").first().waitFor();
				await check(operator);
			});

			it("the side panel, with a tag that is added", async () => {
				const { operator, page } = await visitAs("side");
				if (isPhone) await page.getByRole("button", { name: "Details", exact: true }).click();
				await operator.side.getByRole("button", { name: "Add tag" }).click();
				const field = operator.side.getByRole("combobox");
				await field.fill(`New ${name}`);
				await operator.side.getByRole("option").waitFor();
				await check(operator);
				await field.press("Enter");
				await operator.side.getByRole("button", { name: `Remove tag New ${name}` }).waitFor();
				await check(operator);
				if (!isPhone) return;
				await field.press("Escape");
				await page.keyboard.press("Escape");
				await until("the focus is where it was", () =>
					isFocused(page.getByRole("button", { name: "Details", exact: true })),
				);
			});

			it("writing: snippets, a message that was not sent, a note, a colleague", async () => {
				await site.admin("POST", "snippets", { name: `axe ${name}`, text: "A text" });
				const { id, operator, page } = await visitAs("writing");
				await operator.takeOver("Jane");
				await open(id, joe);
				await page.getByText("Joe is also looking at this").waitFor();
				await operator.box.pressSequentially("/axe");
				await page.getByRole("option").first().waitFor();
				await check(operator);
				await page.route("**/messages", (route) => route.fulfill({ status: 400, body: "{}" }));
				await operator.box.fill("Not sent");
				await page.getByRole("button", { name: "Send", exact: true }).click();
				await operator.log.getByText("Not sent.").waitFor();
				await check(operator);
				await page.getByText("Note", { exact: true }).click();
				await operator.noteBox.fill("A note");
				await check(operator);
			});

			it("asking before a deletion, and after it", async () => {
				const { id, operator, page } = await visitAs("deleting");
				await page.getByRole("button", { name: "More actions for this conversation" }).click();
				await page.getByRole("menuitem", { name: "Delete conversation" }).click();
				await page.getByRole("dialog").getByText("all notes of the team").waitFor();
				await check(operator);
				await page.getByRole("button", { name: "Cancel" }).click();
				await operator.page.keyboard.press("n");
				await operator.noteBox.fill("Kept");
				await site.admin("DELETE", `conversations/${id}`);
				await page.getByText("This conversation was deleted").waitFor();
				await check(operator);
			});
		});
});
