// End to end in a browser: a page of another origin with open-chat-widget's tag, a visitor who
// chats, and the owner in the dashboard.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { numbered, PASSWORD } from "../e2e/harness.mjs";
import { complaintsOf, missing } from "./browser.mjs";
import { exchange, PLACEHOLDER, useSite, WELCOME } from "./site.mjs";

describe("the widget on a page of another origin", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	const { banter, visit, stored } = site;

	/** Logs in to the dashboard, and opens this conversation. */
	async function openInDashboard(context, { _id }) {
		const page = await context.newPage();
		const complaints = complaintsOf(page);
		await page.goto(banter.url);
		assert.equal(new URL(page.url()).pathname, "/login");
		await page.getByLabel("Password").fill(PASSWORD);
		await page.getByRole("button", { name: "Log in" }).click();
		await page.locator(`.row[data-id="${_id}"]`).click();
		return [page, complaints];
	}

	it("chats: the reply streams, a reload keeps session and open state, the owner sees everything", async () => {
		const visitor = await visit();
		const { context, page, complaints, chat } = visitor;
		await page.getByRole("button", { name: "Open chat" }).waitFor();
		assert.equal(await chat.isVisible(), false);
		await visitor.open();
		await chat.getByText(WELCOME).waitFor();
		assert.match(await chat.textContent(), /Support/);
		assert.equal(await chat.getByRole("textbox").getAttribute("placeholder"), PLACEHOLDER);

		const first = `[[tokens=40 delay=50 hold-after=39]] Do you deliver?`;
		await visitor.say(first);
		const early = await visitor.logUntil("the first words are there", (text) =>
			text.includes("t0 t1"),
		);
		assert.ok(!early.includes("t39"), "the reply streams");
		await banter.release("Do you deliver?");
		await visitor.logUntil("the whole reply is there", (text) => text.includes(numbered(40)));
		const session = await visitor.session();
		assert.match(session, /^[A-Za-z0-9._:-]{1,128}$/);
		await stored(session, 2);

		await page.reload();
		await chat.getByRole("textbox").waitFor();
		assert.equal(await visitor.session(), session);
		await visitor.saidUntil(exchange(first, numbered(40)));

		// Between two messages all processes except masterd are killed.
		const old = banter.workerPids();
		await Promise.all([banter.storaged.kill("SIGKILL"), banter.killWorkers(old)]);
		await banter.ready();

		const second = ['[[text="On Saturdays too 🚚"]] On Saturdays?', "On Saturdays too 🚚"];
		await visitor.ask(...second, exchange(first, numbered(40)));
		const { conversation, messages } = await stored(session, 4);
		const texts = [first, numbered(40), ...second];
		assert.deepEqual(
			messages.map(({ role, content, status }) => [role, content, status]),
			texts.map((text, i) => [i % 2 ? "assistant" : "user", text, "complete"]),
		);

		const [owner, ownersComplaints] = await openInDashboard(context, conversation);
		await owner.waitForURL(`**/conversations/${conversation._id}?*`);
		const thread = owner.getByRole("log", { name: "Messages" });
		for (const { content } of messages) await thread.getByText(content, { exact: true }).waitFor();

		// The browser reports a connection that the kill has cut.
		const isCut = (text) => /^WebSocket connection to .* failed/.test(text);
		assert.deepEqual(
			complaints.filter((text) => !isCut(text)),
			[],
		);
		assert.deepEqual(ownersComplaints, []);
	});

	it("shows a visitor's markup as text, also in the dashboard", async () => {
		const visitor = await visit();
		const { context, page, complaints } = visitor;
		await visitor.open();
		const evil = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
		await visitor.say(`[[echo]] ${evil}`);
		await visitor.logUntil("question and echo", (text) => text.split("onerror").length === 3);
		assert.equal(await page.title(), "A site");
		const { conversation } = await stored(await visitor.session(), 2);

		const [owner, ownersComplaints] = await openInDashboard(context, conversation);
		await owner.getByRole("log", { name: "Messages" }).getByText(evil, { exact: true }).waitFor();
		assert.notEqual(await owner.title(), "owned");
		assert.deepEqual([...complaints, ...ownersComplaints], []);
	});
});
