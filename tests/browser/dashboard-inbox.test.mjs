// The dashboard's inbox: its list down to the oldest conversation, while visitors write and operators work; views,
// search, keys and notifications.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { addUser, logIn } from "../e2e/accounts.mjs";
import { request } from "../e2e/client.mjs";
import { PASSWORD, until, useBanter } from "../e2e/harness.mjs";
import { KEY } from "../e2e/replies.mjs";
import { violationsOf } from "./accessibility.mjs";
import { missing, useBrowser } from "./browser.mjs";
import { useInbox } from "./inbox.mjs";

const COUNT = 230;
/** More rows than this are never in the document. */
const SHOWN_MAX = 60;

/** Runs in the page: what fades in is not yet as visible as it will be. */
function finishAnimations() {
	for (const one of document.getAnimations())
		if (one.effect.getTiming().iterations !== Infinity) one.finish();
}

describe("the inbox", { skip: missing }, () => {
	const banter = useBanter({ workers: 1, search: true });
	const browser = useBrowser({ areKept: true });
	const inbox = useInbox(banter, browser);
	const { say, change, conversationOf, names, positions, view } = inbox;
	let jane;

	before(async () => {
		jane = await addUser(banter, "jane@example.com", "--name", "Jane");
		for (let i = 0; i < COUNT; i++) await say(`visitor-${i}`);
	});

	/** A page with the list, signed in with the password, or as a user. */
	async function visit({ as, path = "/?view=all", ...options } = {}) {
		const opened = await inbox.signIn(as ?? { password: PASSWORD }, options);
		await inbox.show(opened.page, path);
		return opened;
	}

	const texts = (page) => page.locator(".row-text").allTextContents();
	const topText = (text) => async (page) =>
		until(`the first row says ${text}`, async () => (await texts(page))[0]?.includes(text));

	/** Scrolls down until the last row is that of the oldest conversation. */
	const scrollToEnd = (page) =>
		until("the oldest one is there", async () => {
			await view(page).evaluate((node) => node.scrollTo(0, node.scrollHeight));
			return (await positions(page)).at(-1) === COUNT;
		});

	it("loads older conversations as the reader scrolls, with only the visible rows in the document", async () => {
		const { page, complaints } = await visit();
		const first = await names(page);
		assert.ok(first.length > 5 && first.length < SHOWN_MAX, `${first.length} rows`);
		await scrollToEnd(page);
		await page.getByText("No older conversations.").waitFor();
		assert.ok((await names(page)).length < SHOWN_MAX);
		await view(page).evaluate((node) => node.scrollTo(0, 0));
		await until("the newest are there again", async () => (await positions(page))[0] === 1);
		assert.deepEqual(await names(page), first);
		assert.deepEqual(complaints, []);
	});

	it("moves a conversation that goes on to the top", async () => {
		const { page } = await visit();
		await say("visitor-3", '[[text="Up again"]] hello');
		await topText("Up again")(page);
		assert.equal(
			await page.locator(".row").first().getAttribute("data-id"),
			await conversationOf("visitor-3"),
		);
	});

	it("keeps the reader's place to the pixel, and leads to what is new", async () => {
		const { page } = await visit();
		await view(page).evaluate((node) => node.scrollTo(0, 2345));
		await until("the rows are there", async () => (await positions(page)).includes(40));
		const visible = () =>
			page.evaluate(() => {
				const box = document.querySelector(".list-window").getBoundingClientRect();
				const rows = [...document.querySelectorAll(".row")];
				return rows
					.map((row) => [row.dataset.id, row.getBoundingClientRect().top])
					.filter(([, top]) => top >= box.top && top < box.bottom - 60);
			});
		const before = await visible();
		assert.ok(before.length > 5);
		await say("visitor-7", '[[text="From far below"]] hello');
		await say("newcomer", '[[text="New here"]] hello');
		const pill = page.getByRole("button", { name: "2 new" });
		await pill.waitFor();
		assert.deepEqual(await visible(), before);
		await pill.click();
		await topText("New here")(page);
		await pill.waitFor({ state: "detached" });
		await change(await conversationOf("newcomer"), undefined, "DELETE");
	});

	it("keeps the list as it is when a conversation opens, also on a phone", async () => {
		for (const options of [{}, { viewport: { width: 360, height: 740 } }]) {
			const { page } = await visit(options);
			await view(page).evaluate((node) => {
				node.scrollTo(0, 3000);
				node.dataset.isSame = "yes";
			});
			await until("the rows are there", async () => (await positions(page)).includes(48));
			const at = () => view(page).evaluate((node) => [node.scrollTop, node.dataset.isSame]);
			const before = await at();
			await page.locator("[aria-posinset='48'] .row").click();
			await page.getByRole("log", { name: "Messages" }).waitFor();
			assert.match(new URL(page.url()).pathname, /^\/conversations\//);
			assert.equal(await view(page).isVisible(), options.viewport === undefined);
			await page.goBack();
			await view(page).waitFor();
			assert.deepEqual(await at(), before);
		}
	});

	it("shows what another operator does, at once, with the counts and the title", async () => {
		const [one, two] = [await visit(), await visit({ as: jane })];
		const id = await conversationOf("visitor-20");
		for (const { page } of [one, two]) {
			await page.getByRole("button", { name: /^Views: All/ }).click();
			await page.getByRole("link", { name: /^Waiting/ }).click();
			await page.getByText("No one is waiting").waitFor();
		}
		await change(id, { state: "waiting" });
		for (const { page } of [one, two]) {
			await page.locator(`[data-id="${id}"]`).waitFor();
			await page.waitForFunction(() => document.title === "(1) Inbox · banter");
			await page.getByRole("button", { name: "Views: Waiting 1" }).waitFor();
		}
		await one.page.keyboard.press("j");
		await one.page.keyboard.press("e");
		await two.page.getByText("No one is waiting").waitFor();
		await one.page.getByRole("button", { name: "Undo" }).click();
		await two.page.locator(`[data-id="${id}"]`).waitFor();
		await change(id, { state: "open" });
		for (const { page } of [one, two]) {
			await page.getByText("No one is waiting").waitFor();
			await page.waitForFunction(() => document.title === "Inbox · banter");
		}
	});

	it("has views with counts, in the address, and remembers the last one", async () => {
		const id = await conversationOf("visitor-30");
		const tag = (await inbox.admin("POST", "tags", { name: "Refund", color: "#c2410c" })).id;
		const { users } = await inbox.admin("GET", "users");
		await change(id, { tags: [tag], assignedTo: users[0].id });
		const { page } = await visit({ as: jane });
		const row = page.locator(`[data-id="${id}"]`);
		const count = COUNT.toLocaleString("en");
		for (const [name, address, isIn] of [
			["Refund 1", `tag:${tag}`, true],
			["Mine 1", "mine", true],
			[`Unassigned ${COUNT - 1}`, "unassigned", false],
			["With a person 0", "person", false],
			["Snoozed 0", "snoozed", false],
			["Resolved 0", "resolved", false],
			[`All ${count}`, "all", false],
			["Refund 1", `tag:${tag}`, true],
		]) {
			await page.getByRole("button", { name: /^Views:/ }).click();
			await page.getByRole("link", { name, exact: true }).click();
			await page.waitForURL((url) => url.searchParams.get("view") === address);
			await page.getByRole("button", { name: `Views: ${name}`, exact: true }).waitFor();
			if (isIn) await row.waitFor();
		}
		await row.getByText("Jane").waitFor();
		await page.goto(`${banter.url}/`);
		await page.getByRole("button", { name: "Views: Refund 1" }).waitFor();
		await row.waitFor();
		await change(id, { tags: [], assignedTo: null });
	});

	it("moves, opens, resolves and assigns by keys", async () => {
		const { page } = await visit({ as: jane });
		const selected = () => page.locator(".row-selected").getAttribute("data-id");
		const focused = () => page.evaluate(() => document.activeElement?.dataset.id);
		const ids = await page.locator(".row").evaluateAll((rows) => rows.map((row) => row.dataset.id));
		for (const [key, index] of [
			["j", 0],
			["j", 1],
			["j", 2],
			["k", 1],
		]) {
			await page.keyboard.press(key);
			assert.equal(await selected(), ids[index]);
			assert.equal(await focused(), ids[index]);
		}
		const state = async () => (await banter.thread(ids[1])).conversation.state;
		const row = page.locator(`[data-id="${ids[1]}"]`);
		await page.keyboard.press("e");
		await row.waitFor({ state: "detached" });
		await until("the server has it", async () => (await state()) === "resolved");
		await page.getByRole("button", { name: "Undo" }).click();
		await row.waitFor();
		await until("the server has it", async () => (await state()) === "open");
		assert.equal(await selected(), ids[2], "its successor is the next to be looked at");
		await page.keyboard.press("k");
		assert.equal(await selected(), ids[1]);
		await page.keyboard.press("a");
		await page.getByRole("dialog").getByRole("option", { name: "Jane (Me)" }).click();
		await page.locator(`[data-id="${ids[1]}"]`).getByText("Jane").waitFor();
		await page.locator(`[data-id="${ids[1]}"]`).focus();
		await page.keyboard.press("Enter");
		await page.waitForURL(`**/conversations/${ids[1]}?view=all`);
		await page.keyboard.press("j");
		await page.waitForURL(`**/conversations/${ids[2]}?view=all`);
		await page.keyboard.press("/");
		await page.waitForFunction(() => document.activeElement?.id === "search");
		await change(ids[1], { assignedTo: null });
	});

	it("leads by keys to the reply and the note, lists all keys, and runs commands", async () => {
		const { page } = await visit({ as: jane });
		const focused = (selector) =>
			page.waitForFunction((of) => document.activeElement.matches(of), selector);
		/** The next key is not for the text field. */
		const goBack = async () => {
			await page.goBack();
			await focused("body");
		};
		await page.keyboard.press("j");
		await page.keyboard.press("r");
		await page.waitForURL("**/conversations/*");
		await page.getByRole("textbox", { name: "Your reply" }).waitFor();
		await focused("textarea");
		await goBack();
		await page.keyboard.press("n");
		await page.waitForURL("**/conversations/*");
		await page.getByRole("textbox", { name: "Your note" }).waitFor();
		await focused("textarea");
		await goBack();
		await page.keyboard.press("?");
		const dialog = page.getByRole("dialog", { name: "Keyboard shortcuts" });
		await dialog.getByText("Next conversation").waitFor();
		const keys = await dialog.locator("dt").allTextContents();
		for (const key of ["J", "K", "Enter", "E", "A", "R", "N", "/", "?"])
			assert.ok(keys.includes(key), `${key} in ${keys}`);
		await page.keyboard.press("Escape");
		await page.keyboard.press("Control+k");
		await page.getByRole("dialog", { name: "Commands" }).waitFor();
		await page.keyboard.type("go to rep");
		await page.keyboard.press("Enter");
		await page.waitForURL("**/numbers");
	});

	it("shows that a reply is being written, and a view of each widget", async () => {
		const widget = await inbox.admin("POST", "widgets", { name: "Second shop" });
		const id = await conversationOf("visitor-70");
		const { page } = await visit();
		const row = page.locator(`[data-id="${id}"]`);
		const answer = say("visitor-70", "[[tokens=9 hold-after=3]] row");
		await row.getByText("A reply is being written").waitFor();
		await banter.release("row");
		await answer;
		await row.getByText("t0 t1 t2 t3 t4 t5 t6 t7 t8").waitFor();
		await page.getByRole("button", { name: /^Views:/ }).click();
		await page.getByRole("link", { name: "Second shop 0", exact: true }).click();
		await page.waitForURL((url) => url.searchParams.get("view") === `widget:${widget.id}`);
		await page.getByText("Nothing here").waitFor();
		await page.getByRole("button", { name: /^Views:/ }).click();
		const all = COUNT.toLocaleString("en");
		await page
			.locator(".views-popover .view", { hasText: all })
			.and(page.locator("[href*='widget']"))
			.click();
		await row.waitFor();
		await inbox.admin("DELETE", `widgets/${widget.id}`);
	});

	it("selects the next conversation when one leaves the view", async () => {
		const ids = [];
		for (const session of ["visitor-60", "visitor-61", "visitor-62"]) {
			ids.push(await conversationOf(session));
			await change(ids.at(-1), { state: "waiting" });
		}
		const { page } = await visit({ path: "/?view=waiting" });
		await page.keyboard.press("j");
		for (const id of ids) {
			assert.equal(await page.locator(".row-selected").getAttribute("data-id"), id);
			await page.keyboard.press("e");
			await page.locator(`[data-id="${id}"]`).waitFor({ state: "detached" });
		}
		await page.getByText("No one is waiting").waitFor();
		await until(
			"the server has it",
			async () => (await banter.adminGet("/v1/admin/counts")).waiting === 0,
		);
		for (const id of ids) await change(id, { state: "open" });
	});

	it("resolves the open conversation with a way back, and moves on with it", async () => {
		const { page } = await visit();
		await page.keyboard.press("j");
		await page.keyboard.press("Enter");
		await page.getByRole("log", { name: "Messages" }).waitFor();
		const id = new URL(page.url()).pathname.split("/").at(-1);
		const row = page.locator(`[data-id="${id}"]`);
		await page.keyboard.press("e");
		await row.waitFor({ state: "detached" });
		await page.getByRole("button", { name: "Undo" }).click();
		await row.waitFor();
	});

	it("takes back what the server refused, and says why", async () => {
		const { page } = await visit();
		await page.route("**/v1/admin/conversations/*", (route) =>
			route.request().method() === "PUT" ? route.abort() : route.continue(),
		);
		await page.keyboard.press("j");
		await page.keyboard.press("e");
		await page.getByRole("status").getByText("The server cannot be reached.").waitFor();
		assert.equal(await page.locator(".row").getByText("Resolved").count(), 0);
	});

	it("marks everything as read", async () => {
		await say("visitor-9");
		const { page } = await visit({ as: jane });
		await page.locator(".row-unread").first().waitFor();
		await page.getByRole("button", { name: "More actions" }).click();
		await page.getByRole("menuitem", { name: "Mark all as read" }).click();
		await page.getByText("All conversations are marked as read.").waitFor();
		assert.equal(await page.locator(".row-unread").count(), 0);
		await page.reload();
		await page.locator(".row").first().waitFor();
		assert.equal(await page.locator(".row-unread").count(), 0);
	});

	it("reads only what has changed; a tab that was hidden, exactly what it missed", async () => {
		const { page } = await visit();
		await say("visitor-11", '[[text="While it looks"]] hello');
		await topText("While it looks")(page);
		const asked = [];
		page.on("request", (one) => asked.push(one.url().replace(banter.url, "")));
		const show = (state) =>
			page.evaluate((value) => {
				Object.defineProperty(document, "visibilityState", { value, configurable: true });
				document.dispatchEvent(new Event("visibilitychange"));
			}, state);
		const streams = () => banter.metric("event_streams");
		const open = await streams();
		await show("hidden");
		await until("the stream is closed", async () => (await streams()) < open);
		await say("visitor-12", '[[text="While it slept"]] hello');
		asked.length = 0;
		await show("visible");
		await topText("While it slept")(page);
		assert.ok(asked.some((url) => /^\/v1\/admin\/events\?lastEventId=\d+$/.test(url)));
		assert.deepEqual(
			asked.filter((url) => url.startsWith("/v1/admin/conversations?")),
			[],
			"the list is not loaded again",
		);
	});

	it("polls when changes are not reported", async () => {
		const prepare = async (context) => {
			await context.clock.install();
			await context.route("**/v1/admin/events*", (route) => route.abort());
		};
		const { page } = await inbox.signIn({ password: PASSWORD }, { prepare });
		await page.goto(`${banter.url}/?view=all`);
		await page.locator(".row").first().waitFor();
		await say("visitor-14", '[[text="Found by a poll"]] hello');
		await until("a poll finds it", async () => {
			await page.clock.fastForward(11_000);
			return (await texts(page))[0]?.includes("Found by a poll");
		});
	});

	it("says that older conversations could not be loaded, and tries again when asked", async () => {
		const prepare = (context) =>
			context.route("**/v1/admin/conversations?*cursor=*", (route) => route.abort());
		const { page } = await visit({ prepare });
		await view(page).evaluate((node) => node.scrollTo(0, node.scrollHeight));
		await page.getByText("The server cannot be reached.").waitFor();
		await page.context().unroute("**/v1/admin/conversations?*cursor=*");
		await page.getByRole("button", { name: "Try again" }).click();
		await scrollToEnd(page);
	});

	it("finds messages by words and filters, marks the words, and opens at the message", async () => {
		await say("visitor-15", '[[text="The zebra is striped"]] tell me of the zebra');
		const { page } = await visit();
		await page.keyboard.press("/");
		await page.getByRole("searchbox").fill("zebra");
		const result = page.locator(".result").first();
		await until("searchd has it", async () => {
			await page.getByRole("searchbox").press("Enter");
			return (await result.count()) > 0;
		});
		await page.locator(".result").nth(1).waitFor();
		// Who wrote it, as in the list.
		const who = await result.locator("b").textContent();
		assert.match(who, /^[A-Z][a-z]+ [A-Z][a-z]+$/);
		const marks = await page.locator("mark").allTextContents();
		assert.deepEqual(marks, ["zebra", "zebra", "zebra"]);
		await page.getByRole("button", { name: "Filters" }).click();
		await page.getByLabel("State").selectOption("Resolved");
		await page.getByText("Nothing found").waitFor();
		await page.getByLabel("State").selectOption("Open");
		await result.click();
		const id = await conversationOf("visitor-15");
		await page.waitForURL(
			(url) => url.pathname === `/conversations/${id}` && url.searchParams.has("message"),
		);
		const { messages } = await banter.thread(id);
		assert.equal(new URL(page.url()).searchParams.get("message"), messages.at(-1)._id);
		await page.getByRole("log", { name: "Messages" }).getByText("striped").last().waitFor();
		assert.equal(await result.getAttribute("aria-current"), "true", "the results stay");
		await page.reload();
		await page.getByRole("searchbox").waitFor();
		assert.equal(await page.getByRole("searchbox").inputValue(), "zebra");
	});

	it("finds replies by rating, end and agent without words, in views and from the numbers", async () => {
		const rate = async (sessionId, rating, comment) => {
			const { messages } = await banter.thread(await conversationOf(sessionId));
			const answer = await request(banter.url, "POST", `/v1/chat/${messages.at(-1)._id}/rating`, {
				headers: KEY,
				body: { sessionId, rating, comment },
			});
			assert.ok(answer.status < 300, answer.text);
		};
		await say("visitor-16", '[[text="Badly said"]] one');
		await say("visitor-17", '[[text="Well said"]] two');
		await rate("visitor-16", "down");
		await rate("visitor-17", "up");
		const { page, complaints } = await visit();
		const results = page.locator(".result");
		/** Until there is one result with this text. */
		const shows = (text) =>
			until(`the results are ${text}`, async () => {
				if (await page.getByText("Nothing found").count()) await page.reload();
				return (
					(await results.allTextContents()).join().includes(text) && (await results.count()) === 1
				);
			});
		await page.getByRole("button", { name: /^Views:/ }).click();
		await page.getByRole("link", { name: "Bad ratings" }).click();
		await page.getByRole("heading", { name: "Inbox: Bad ratings" }).waitFor();
		await shows("Badly said");
		await page.getByRole("button", { name: "Filters" }).click();
		await page.getByLabel("Rating").selectOption("Helpful");
		await shows("Well said");
		const { agents } = await inbox.admin("GET", "agents");
		await page.getByLabel("Agent").selectOption(agents[0].name);
		await shows("Well said");
		await page.getByLabel("End of the reply").selectOption("Interrupted");
		await page.getByText("Nothing found").waitFor();
		await page.getByRole("button", { name: "Remove filters" }).click();
		await page.getByText("Search in everything").waitFor();
		// The words of one search do not come along to the next.
		await page.setViewportSize({ width: 1800, height: 900 });
		await page.getByRole("searchbox").fill("nothing");
		await page.waitForURL((url) => url.searchParams.get("q") === "nothing");
		await page.getByRole("link", { name: "Bad ratings" }).click();
		await shows("Badly said");
		assert.equal(await page.getByRole("searchbox").inputValue(), "");
		assert.equal(new URL(page.url()).searchParams.get("q"), "");
		await page.goto(`${banter.url}/numbers?days=7`);
		await page.getByRole("link", { name: "Show bad ratings" }).first().click();
		await page.waitForURL((url) => url.searchParams.get("rating") === "down");
		await shows("Badly said");
		assert.deepEqual(complaints, []);
	});

	it("says plainly that search is not available", async () => {
		const { page } = await visit();
		await banter.searchd.stop();
		banter.searchd.mustRun = false;
		await page.goto(`${banter.url}/search?q=zebra`);
		await page.getByText("Search is not available").waitFor();
		banter.searchd.start();
		await until("it works again", async () => {
			await page.getByRole("searchbox").press("Enter");
			const retry = page.getByRole("button", { name: "Search" });
			if (await retry.count()) await retry.click({ timeout: 1000 }).catch(() => {});
			return (await page.locator(".result").count()) > 0;
		});
	});

	it("lists who waits with the time, the longest wait first, and counts open ones as all", async () => {
		const sessions = ["visitor-80", "visitor-81", "visitor-82"];
		const ids = await Promise.all(sessions.map(conversationOf));
		const order = [ids[1], ids[0], ids[2]];
		for (const id of order) await change(id, { state: "waiting" });
		const { page } = await visit({ path: "/?view=waiting" });
		const shown = () =>
			page.locator(".row").evaluateAll((rows) => rows.map((row) => row.dataset.id));
		await until("they stand in their order", async () => String(await shown()) === String(order));
		// What they write meanwhile does not put them back.
		await say(sessions[1], '[[text="Hello?"]] hello?');
		await page.locator(".row", { hasText: "Hello?" }).waitFor();
		assert.deepEqual(await shown(), order);
		assert.match(await page.locator(".row-marks").first().textContent(), /^Waiting \S/);
		const count = page.locator(".switcher .view-count");
		await page.goto(`${banter.url}/?view=all`);
		await until("all", async () => (await count.textContent()) === String(COUNT));
		for (const id of ids) await change(id, { state: "resolved" });
		await until("fewer", async () => (await count.textContent()) === String(COUNT - 3));
		for (const id of ids) await page.locator(`[data-id="${id}"]`).waitFor({ state: "detached" });
		for (const id of ids) await change(id, { state: "open" });
	});

	it("notifies of answers to the user and of mentions, not of other conversations", async () => {
		const prepare = (context) =>
			context.addInitScript(() => {
				window.shown = [];
				localStorage.setItem("banter:bell", "on");
				window.Notification = class {
					static permission = "granted";
					constructor(title, options) {
						window.shown.push([title, options.tag]);
					}
				};
			});
		const { page } = await visit({ as: jane, prepare, path: "/?view=mine" });
		const login = await logIn(banter, jane);
		const act = async (id, what, body = {}, headers = login) => {
			const path = `/v1/admin/conversations/${id}/${what}`;
			const { status, text } = await request(banter.url, "POST", path, { headers, body });
			assert.ok(status < 300, text);
		};
		const ids = await Promise.all(
			["visitor-90", "visitor-91", "visitor-92", "visitor-93"].map(conversationOf),
		);
		const [held, assigned, other, followed] = ids;
		await act(held, "takeover");
		const { users } = await inbox.admin("GET", "users");
		const { id: me } = users.find(({ name }) => name === "Jane");
		await page.locator(`[data-id="${held}"]`).waitFor();
		assert.equal((await banter.thread(held)).conversation.assignedTo, me, "taking over assigns");
		// Held by the user, but assigned to nobody: still hers.
		await change(held, { assignedTo: null });
		await change(assigned, { assignedTo: me });
		await page.locator(`[data-id="${assigned}"]`).waitFor();
		await page.reload();
		for (const id of [held, assigned]) await page.locator(`[data-id="${id}"]`).waitFor();
		await page.goto(`${banter.url}/conversations/${followed}`);
		await page.getByRole("button", { name: "More actions for this conversation" }).click();
		await page.getByRole("menuitem", { name: "Follow" }).click();
		await page.getByText("You hear of each new message").waitFor();
		await page.goto(`${banter.url}/widgets`);
		await until("it has the lock", () =>
			page.evaluate(async () => (await navigator.locks.query()).held.length > 0),
		);
		const shown = () => page.evaluate(() => window.shown);
		await say("visitor-92");
		// Only what names her as mentioned, and is not her own.
		await inbox.admin("POST", `conversations/${other}/notes`, { text: "@Jane" });
		await act(other, "notes", { text: "@Jane, look at this again", mentions: [me] });
		await say("visitor-90");
		await say("visitor-91");
		await say("visitor-93");
		const sam = await addUser(banter, "sam@example.com", "--name", "Sam");
		const note = { text: "@Jane, please look", mentions: [me] };
		await act(other, "notes", note, await logIn(banter, sam));
		await until("all are announced", async () => (await shown()).length === 4);
		const titles = new Map((await shown()).map(([title, tag]) => [tag, title]));
		assert.match(titles.get(held), /^New message from /);
		assert.match(titles.get(assigned), /^New message from /);
		assert.match(titles.get(followed), /^New message from /);
		assert.equal(titles.get(other), "Sam mentioned you");
		await act(held, "handback");
		await change(assigned, { assignedTo: null });
	});

	it("lists the notes that mention a user, until the user has read them", async () => {
		const ann = await addUser(banter, "ann@example.com", "--name", "Ann Lee");
		const { page, complaints } = await visit({ as: ann, path: "/?view=mentions" });
		await page.getByText("No mentions yet").waitFor();
		const id = await conversationOf("visitor-60");
		const writer = await visit({ as: jane, path: `/conversations/${id}` });
		await writer.page.getByText("Note", { exact: true }).first().click();
		const field = writer.page.getByRole("textbox", { name: "Your note" });
		await field.pressSequentially("Look, @an");
		const option = writer.page.getByRole("option", { name: "@Ann Lee" });
		await option.waitFor();
		assert.equal(await option.getAttribute("aria-selected"), "true");
		assert.equal(
			await field.getAttribute("aria-activedescendant"),
			await option.getAttribute("id"),
		);
		await field.press("Enter");
		assert.equal(await field.inputValue(), "Look, @Ann Lee ");
		await field.pressSequentially("please");
		await field.press("Enter");
		const mention = page.getByRole("list", { name: "Mentions" }).getByRole("link");
		await mention.waitFor();
		assert.match(await mention.textContent(), /^Jane Unread.*Look, @Ann Lee please$/);
		const count = page.locator(".switcher .view-count");
		await until("one is unread", async () => (await count.textContent()) === "1");
		assert.deepEqual(await violationsOf(page, "body"), []);
		await mention.click();
		await page.getByRole("log", { name: "Messages" }).getByText("@Ann Lee please").waitFor();
		await until("it is read", async () => (await count.textContent()) === "0");
		assert.equal(await mention.getAttribute("data-unread"), "false");
		// Two more, of which one is read elsewhere.
		const note = { text: "@Ann Lee, and this", mentions: [] };
		const { users } = await inbox.admin("GET", "users");
		note.mentions.push(users.find(({ name }) => name === "Ann Lee").id);
		for (const session of ["visitor-61", "visitor-62"])
			await inbox.admin("POST", `conversations/${await conversationOf(session)}/notes`, note);
		await until("two are unread", async () => (await count.textContent()) === "2");
		await page.getByRole("button", { name: "Mark all as read" }).click();
		await until("none is unread", async () => (await count.textContent()) === "0");
		await change(await conversationOf("visitor-61"), undefined, "DELETE");
		await until("its mention is gone", async () => (await mention.count()) === 2);
		assert.deepEqual(complaints, []);
	});

	it("notifies once per browser that somebody waits, only after the user asked for it", async () => {
		const prepare = async (context) => {
			await context.grantPermissions(["notifications"], { origin: banter.url });
			// The system's notifications cannot be seen; the page's calls can.
			await context.addInitScript(() => {
				window.shown = [];
				window.tones = 0;
				const { start } = OscillatorNode.prototype;
				OscillatorNode.prototype.start = function (at) {
					window.tones++;
					start.call(this, at);
				};
				window.Notification = class {
					static permission = "granted";
					static requestPermission = async () => "granted";
					constructor(title, options) {
						window.shown.push([title, options.tag]);
					}
				};
			});
		};
		const { page } = await visit({ prepare });
		const other = await page.context().newPage();
		await inbox.show(other, "/?view=all");
		const shown = async () => {
			const all = await Promise.all([page, other].map((one) => one.evaluate(() => window.shown)));
			return all.flat();
		};
		const id = await conversationOf("visitor-40");
		await change(id, { state: "waiting" });
		for (const one of [page, other])
			await one.waitForFunction(() => document.title.startsWith("(1) "));
		assert.deepEqual(await shown(), []);
		const tones = async () => {
			const all = await Promise.all([page, other].map((one) => one.evaluate(() => window.tones)));
			return all[0] + all[1];
		};
		assert.equal(await tones(), 0);
		await change(id, { state: "open" });
		const bell = page.getByRole("button", { name: "Notify me" });
		await bell.click();
		await page.getByText("You will hear a sound").waitFor();
		assert.equal(await bell.getAttribute("aria-pressed"), "true");
		await until("the sound is played as a sample", async () => (await tones()) === 2);
		await change(id, { state: "waiting" });
		await until("it is shown", async () => (await shown()).length > 0);
		for (const one of [page, other])
			await one.waitForFunction(() => document.title.startsWith("(1) "));
		const [[title, tag], ...more] = await shown();
		assert.match(title, /^[A-Z]\w+ [A-Z]\w+ is waiting for a person$/);
		assert.equal(tag, id);
		assert.deepEqual(more, []);
		assert.equal(await tones(), 4, "with the sound, once");

		// Also where no tab shows the inbox.
		await change(id, { state: "open" });
		await page.goto(`${banter.url}/widgets`);
		await other.goto(`${banter.url}/contacts`);
		await until("one of them has the lock", () =>
			page.evaluate(async () => (await navigator.locks.query()).held.length > 0),
		);
		for (const one of [page, other])
			await one.waitForFunction(() => !document.title.startsWith("("));
		await change(id, { state: "waiting" });
		await until("it is shown", async () => (await shown()).length > 0);
		for (const one of [page, other])
			await one.waitForFunction(() => document.title.startsWith("(1) "));
		assert.equal((await shown()).length, 1);

		await inbox.show(page, "/?view=all");
		await bell.click();
		assert.equal(await bell.getAttribute("aria-pressed"), "false");

		// The message stays in reach above a dialog.
		await page.keyboard.press("Control+k");
		await page.getByRole("dialog").waitFor();
		const message = page.locator(".toast").last();
		await message.getByRole("button", { name: "Close" }).click();
		await message.waitFor({ state: "detached" });
		await page.keyboard.press("Escape");
		await change(id, { state: "open" });
	});

	for (const [name, options] of [
		["light", {}],
		["dark", { colorScheme: "dark" }],
		["on a phone", { viewport: { width: 360, height: 740 } }],
	])
		it(`leaves axe nothing to report, ${name}: list, views, empty view, search, dialog`, async () => {
			const id = await conversationOf("visitor-50");
			await change(id, { state: "waiting", tags: [] });
			const { page } = await visit({ ...options, as: jane });
			const check = async (what) => {
				await page.evaluate(finishAnimations);
				assert.deepEqual(await violationsOf(page, "body"), [], what);
				const isWide = await page.evaluate(
					() => document.documentElement.scrollWidth > window.innerWidth,
				);
				assert.equal(isWide, false, what);
			};
			await check("the list");
			await page.getByRole("button", { name: /^Views:/ }).click();
			await check("the views");
			await page.getByRole("link", { name: /^With a person/ }).click();
			await page.getByText("Your team has no conversation").waitFor();
			await check("an empty view");
			await page.goto(`${banter.url}/?view=waiting`);
			await page.locator(".row").first().waitFor();
			await page.keyboard.press("j");
			await page.keyboard.press("a");
			await page.getByRole("dialog").waitFor();
			await check("the dialog");
			await page.goto(`${banter.url}/search?q=zebra&state=open`);
			await page.locator(".result").first().waitFor();
			await check("the results");
			await change(id, { state: "open" });
		});

	it("refuses nothing that members may do", async () => {
		const member = { email: "member@example.com", password: "a password of a member" };
		await inbox.admin("POST", "users", { ...member, name: "Max", role: "member" });
		const { page, complaints } = await visit({ as: member });
		await page.keyboard.press("j");
		await page.keyboard.press("a");
		await page.getByRole("dialog").getByRole("option", { name: "Max (Me)" }).click();
		await page.getByRole("status").getByText("Assigned to Max.").waitFor();
		assert.deepEqual(complaints, []);
	});
});

describe("an inbox without conversations", { skip: missing }, () => {
	const banter = useBanter({ workers: 1 });
	const inbox = useInbox(banter, useBrowser({ areKept: true }));

	it("guides to the first conversation, which then appears by itself", async () => {
		const { page } = await inbox.signIn({ password: PASSWORD });
		await page.goto(`${banter.url}/?view=all`);
		await page.locator(".inbox-list .blank, .inbox-list .start").first().waitFor();
		await until("the stream is open", async () => (await banter.metric("event_streams")) === 1);
		const { status } = await request(banter.url, "POST", "/v1/chat", {
			headers: { "x-api-key": "widget-key-of-the-end-to-end-tests" },
			body: { sessionId: "first", message: "[[tokens=1]]" },
		});
		assert.equal(status, 200);
		await page.locator(".row").waitFor();
	});
});
