// What an agent knows, as its form says; and what a test of the agent and a thread show of what a reply is based on.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ADMIN_KEY, until, WIDGET_KEY } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { assertAccessible, SCREENS, useDashboard } from "./dashboard.mjs";

const QUESTION = "What does tea cost?";
const PRICES = "https://shop.example/prices";
const asking = (text, question = QUESTION) => `${question} [[text=${JSON.stringify(text)}]]`;
const CITING = asking("Tea costs **five** euros [S1].");
const NO_ANSWER = asking("I do not know. [S0]", "Do you sell cars?");

describe("an agent's knowledge in the dashboard", { skip: missing }, () => {
	const { banter, admin, visit } = useDashboard({ search: true, crawl: true });
	let agent;
	let source;
	before(async () => {
		({
			agents: [agent],
		} = await admin("GET", "agents"));
		source = await admin("POST", "sources", { name: "Prices", kind: "pushed" });
		await admin("POST", "sources", { name: "Manuals", kind: "files" });
		const { status, text } = await banter.request(
			"PUT",
			`/v1/admin/sources/${source.id}/content?url=${PRICES}&title=Prices`,
			{
				headers: { "x-admin-api-key": ADMIN_KEY, "content-type": "text/plain" },
				body: "Tea costs five euros.",
			},
		);
		assert.equal(status, 202, text);
		await until("the page is read", async () => {
			const { state } = await admin("GET", `sources/${source.id}`);
			return state.pages.read === 1;
		});
	});

	const button = (page, name) => page.getByRole("button", { name, exact: true });
	const segment = (page, text) => page.locator(".segment:visible").filter({ hasText: text });
	const stored = () => admin("GET", `agents/${agent.id}`);
	const know = (fields = {}) =>
		admin("PUT", `agents/${agent.id}`, {
			...{ knowledge: "all", sources: [], notFound: "say", notFoundText: null, ...fields },
		});
	const edit = async (options) => {
		const opened = await visit(`/agents/${agent.id}`, options);
		await opened.page.getByLabel("Purpose").waitFor();
		return opened;
	};
	const chat = async (sessionId, message) => {
		const { status, text, json } = await banter.request("POST", "/v1/chat", {
			headers: { "x-api-key": WIDGET_KEY },
			body: { sessionId, message },
		});
		assert.equal(status, 200, text);
		return json;
	};
	const question = (page) => page.getByRole("textbox", { name: "Message" });
	async function askTrial(page, text) {
		await question(page).fill(text);
		await question(page).press("Enter");
	}
	const details = async (page, text) => {
		const row = page.locator('.row-message[data-role="assistant"]').filter({ hasText: text });
		await row.hover();
		await row.getByRole("button", { name: "Details of this reply" }).click();
		await row.locator(".found").waitFor();
		return row;
	};

	it("is chosen in its form: everything, or some sources, and what it does without an answer", async () => {
		await know({ knowledge: "none" });
		const { page } = await edit();
		assert.equal(await page.getByLabel("If your knowledge has no answer").count(), 0);
		await segment(page, "Chosen sources").click();
		await page.getByText("None chosen").waitFor();
		await page.getByRole("checkbox", { name: /Prices/ }).check();
		await page.getByText("1 of 2 chosen").waitFor();
		await page.getByLabel("If your knowledge has no answer").selectOption("fixed");
		await page.getByLabel("The text").fill("Please call us.");
		await button(page, "Save").click();
		await until("it is saved", async () => {
			const { knowledge, sources, notFound, notFoundText } = await stored();
			return (
				knowledge === "some" &&
				sources.join() === source.id &&
				notFound === "fixed" &&
				notFoundText === "Please call us."
			);
		});
		await segment(page, "Everything").click();
		await button(page, "Save").click();
		await until("it is saved", async () => (await stored()).knowledge === "all");
	});

	it("is tested with its unsaved changes: the numbers, the sources, and that there is no answer", async () => {
		await know({ knowledge: "none" });
		const { page } = await edit();
		const log = page.getByRole("log", { name: "Test conversation" });
		await segment(page, "Everything").click();
		await page.getByText("With your unsaved changes").waitFor();
		await askTrial(page, CITING);
		const link = log.getByRole("list", { name: "Sources" }).getByRole("link", { name: "Prices" });
		await link.waitFor();
		assert.equal(await link.getAttribute("href"), PRICES);
		const number = log.getByRole("link", { name: "Source 1: Prices" });
		assert.equal(await number.getAttribute("rel"), "noreferrer nofollow ugc");
		assert.equal(
			(await log.locator(".trial-answer .md").innerText()).replace(/\s/g, ""),
			"Teacostsfiveeuros1.",
		);
		await askTrial(page, NO_ANSWER);
		await log.getByText("Not in your knowledge").waitFor();
		assert.equal((await stored()).knowledge, "none");
	});

	it("a thread shows numbers, what was found, and questions without an answer", async () => {
		await know();
		const { conversationId } = await chat("thread", CITING);
		const { page, complaints } = await visit(`/conversations/${conversationId}`);
		await page.getByRole("link", { name: "Source 1: Prices" }).waitFor();
		// While the thread is open, too.
		await chat("thread", NO_ANSWER);
		await page.locator(".row-mark", { hasText: "Not in your knowledge" }).first().waitFor();
		const row = await details(page, "Tea costs");
		const link = row.locator(".found").getByRole("link", { name: "Prices", exact: true });
		assert.equal(await link.getAttribute("href"), PRICES);
		await row.locator(".found-cited", { hasText: "Cited as 1" }).waitFor();
		const missed = await details(page, "I do not know.");
		await missed.getByText("Not in your knowledge.").waitFor();
		await missed.getByRole("link", { name: "Open questions" }).click();
		await page
			.getByText(/^Do you sell cars/)
			.first()
			.waitFor();
		assert.deepEqual(complaints, []);
	});

	const answerOf = (dialog) => dialog.getByRole("textbox", { name: "Answer" });

	it("a reply's question gets an answer in the thread, which is stored when it is saved", async () => {
		await know();
		const { conversationId } = await chat("draft", CITING);
		const { page, complaints } = await visit(`/conversations/${conversationId}`);
		const row = await details(page, "Tea costs");
		await button(row, "Make this an answer").dblclick();
		const dialog = page.getByRole("dialog");
		assert.match(await dialog.getByLabel("Question").inputValue(), /^What does tea cost\?/);
		// What the model said may be what is wrong.
		assert.equal(await answerOf(dialog).inputValue(), "");
		assert.ok(await answerOf(dialog).evaluate((field) => field === document.activeElement));
		await button(dialog, "Create").click();
		await dialog.getByText("1 to 2,000 characters").waitFor();
		assert.deepEqual((await admin("GET", "answers")).answers, [], "nothing is stored before");
		await answerOf(dialog).fill("Tea costs six euros.");
		await button(dialog, "Create").click();
		await dialog.waitFor({ state: "detached" });
		assert.equal(new URL(page.url()).pathname, `/conversations/${conversationId}`);
		const { answers } = await admin("GET", "answers");
		assert.deepEqual(
			answers.map(({ text, published, conversation }) => [text, published, conversation]),
			[["Tea costs six euros.", true, conversationId]],
		);
		// Later, or for a colleague, there is the same one.
		await button(row, "Open the answer").click();
		assert.equal(await answerOf(dialog).inputValue(), "Tea costs six euros.");
		await answerOf(dialog).fill("Tea costs seven euros.");
		await button(dialog, "Save").click();
		await dialog.waitFor({ state: "detached" });
		const later = (await admin("GET", "answers")).answers;
		assert.deepEqual(
			later.map(({ text }) => text),
			["Tea costs seven euros."],
		);
		await admin("DELETE", `answers/${answers[0].id}`);
		await button(row, "Make this an answer").waitFor();
		assert.deepEqual(
			complaints.filter((text) => !/422/.test(text)),
			[],
		);
	});

	it("a colleague's answer of the same reply is not lost, and not taken for one's own", async () => {
		await know();
		const { conversationId } = await chat("race", CITING);
		const { page } = await visit(`/conversations/${conversationId}`);
		const row = await details(page, "Tea costs");
		await button(row, "Make this an answer").click();
		const dialog = page.getByRole("dialog");
		await answerOf(dialog).fill("Mine.");
		const { messages } = await banter.thread(conversationId);
		const message = messages.at(-1)._id;
		await admin("POST", "answers", {
			...{ conversation: conversationId, message, text: "Theirs.", published: true },
		});
		await button(dialog, "Create").click();
		await dialog.getByText("Somebody else has changed this").waitFor();
		const texts = async () => (await admin("GET", "answers")).answers.map(({ text }) => text);
		assert.deepEqual(await texts(), ["Theirs."]);
		await button(dialog, "Keep my changes").click();
		await button(dialog, "Save").click();
		await dialog.waitFor({ state: "detached" });
		assert.deepEqual(await texts(), ["Mine."]);
		await admin("DELETE", `answers/${message}`);
	});

	it("a person's message begins an answer with its words", async () => {
		const { conversationId } = await chat("operator", "Hello");
		await admin("POST", `conversations/${conversationId}/takeover`, { name: "Ann" });
		await admin("POST", `conversations/${conversationId}/messages`, {
			content: "We open at nine.",
		});
		const { page } = await visit(`/conversations/${conversationId}`);
		const row = page.locator(".row-message").filter({ hasText: "We open at nine." });
		await row.hover();
		await button(row, "Make this an answer").click();
		const dialog = page.getByRole("dialog");
		await dialog.waitFor();
		assert.equal(await answerOf(dialog).inputValue(), "We open at nine.");
		await button(dialog, "Cancel").click();
		await dialog.waitFor({ state: "detached" });
		assert.deepEqual((await admin("GET", "answers")).answers, []);
	});

	for (const [name, screen] of SCREENS)
		it(`is accessible ${name}`, async () => {
			await know({ knowledge: "some", sources: [source.id], notFound: "fixed" });
			const form = (await edit(screen)).page;
			await form.getByText("1 of 2 chosen").waitFor();
			await assertAccessible(form);
			await know();
			const trial = (await edit(screen)).page;
			if (!(await question(trial).isVisible())) await segment(trial, "Test").click();
			await askTrial(trial, CITING);
			await trial.getByRole("list", { name: "Sources" }).waitFor();
			await assertAccessible(trial);
			const { conversationId } = await chat(`look-${name}`.replace(/ /g, "-"), CITING);
			const { page } = await visit(`/conversations/${conversationId}`, screen);
			await page.getByRole("link", { name: "Source 1: Prices" }).waitFor();
			await details(page, "Tea costs");
			await assertAccessible(page);
		});
});
