// The dashboard's agents: the list, the form, the test and the prompt beside it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN_KEY, numbered, until } from "../e2e/harness.mjs";
import { AGENT } from "../e2e/organizations.mjs";
import { holdBack, missing } from "./browser.mjs";
import { asksBeforeClosing, assertAccessible, SCREENS, useDashboard } from "./dashboard.mjs";

const SYSTEM_PROMPT = "You are the assistant of the settings.";
/** A reply with all that Markdown can show. */
const MARKDOWN =
	'[[text="# Title\\n\\n- one\\n- [ ] task\\n\\n> quote\\n\\n```js\\ncode\\n```\\n\\n|a|b|\\n|-|-|\\n|one|two|"]]';
const MODEL_SERVERS = "local=http://127.0.0.1:9/v1";

describe("the dashboard's agents", { skip: missing }, () => {
	const { banter, admin, visit } = useDashboard({
		areKept: true,
		env: { SYSTEM_PROMPT, MODEL_SERVERS, MODEL_SERVER_KEYS: "local=sk-local" },
	});

	let made = 0;
	const create = (fields = {}) => admin("POST", "agents", { name: `Agent ${++made}`, ...fields });
	const stored = ({ id }) => admin("GET", `agents/${id}`);

	/** The page of an agent, when its form is there. */
	async function edit({ id }, options) {
		const opened = await visit(`/agents/${id}`, options);
		await opened.page.getByLabel("Purpose").waitFor();
		return opened;
	}

	/** Nobody listens at the address of the server "local": its models cannot be listed. */
	const assertQuiet = (complaints) =>
		assert.deepEqual(
			complaints.filter((text) => !text.includes("status of 502")),
			[],
		);
	const save = (page) => page.getByRole("button", { name: "Save" }).click();
	const question = (page) => page.getByRole("textbox", { name: "Message" });
	async function ask(page, text) {
		await question(page).fill(text);
		await question(page).press("Enter");
	}
	const log = (page) => page.getByRole("log", { name: "Test conversation" });
	/** The tab of a panel; those for the other kind of screen are hidden. */
	const view = (page, name) => page.locator(".segment:visible", { hasText: name });
	const systemPrompt = async () => {
		const { body } = await banter.model("last");
		return body.messages.find(({ role }) => role === "system").content;
	};
	const turns = async () => {
		const { body } = await banter.model("last");
		return body.messages.filter(({ role }) => role !== "system").map(({ content }) => content);
	};

	it("are listed with their model, server and widgets", async () => {
		const gardener = await create({ name: "Gardener", model: "plants-1", key_name: "local" });
		const off = await create({ name: "Sleeper", enabled: false });
		const widget = await admin("POST", "widgets", { name: "Plant shop", agent_id: gardener.id });
		const { page, complaints } = await visit("/agents");
		const row = (name) => page.getByRole("listitem").filter({ hasText: name });
		await row("Gardener").getByRole("link", { name: "Plant shop" }).waitFor();
		const text = await row("Gardener").textContent();
		assert.ok(text.includes("plants-1") && text.includes("127.0.0.1:9"), text);
		await row("Sleeper").getByText("Off", { exact: true }).waitFor();
		await row("Sleeper").getByText("Not used in any widget").waitFor();
		await admin("PUT", `widgets/${widget.id}`, { agent_id: off.id });
		await row("Sleeper").getByRole("link", { name: "Plant shop" }).waitFor();
		await page.getByRole("link", { name: "Gardener" }).click();
		await page.getByRole("heading", { name: "Gardener", level: 1 }).waitFor();
		assertQuiet(complaints);
	});

	it("are created with a name, and show the settings where a field is empty", async () => {
		const { page, complaints } = await visit("/agents");
		await page.getByRole("button", { name: "New agent" }).click();
		await page.getByRole("textbox", { name: "Name" }).fill("Florist");
		await page.keyboard.press("Enter");
		await page.getByRole("heading", { name: "Florist", level: 1 }).waitFor();
		const placeholder = (label) => page.getByLabel(label).getAttribute("placeholder");
		assert.equal(await placeholder("Purpose"), SYSTEM_PROMPT);
		assert.equal(await placeholder("Model name"), "gpt-4.1-mini");
		assert.equal(await placeholder("Temperature"), "Default of the model server");
		const { agents } = await admin("GET", "agents");
		const florist = agents.find(({ name }) => name === "Florist");
		assert.equal(new URL(page.url()).pathname, `/agents/${florist.id}`);
		assert.deepEqual([florist.purpose, florist.model, florist.key_name], [null, null, null]);
		assertQuiet(complaints);
	});

	it("keep all that the form says, and null where it was emptied", async () => {
		const agent = await create({ purpose: "Sell tea.", model: "tea-1" });
		const { page, complaints } = await edit(agent);
		await page.getByLabel("Name", { exact: true }).fill("Teamaster");
		await page.getByLabel("Purpose").fill("  ");
		await page.getByLabel("Additional instructions").fill("Be brief.\nBe kind.");
		await page.getByLabel("Topics to avoid").fill("Coffee.");
		await page.getByLabel("Model server").selectOption("local");
		await page.getByLabel("Model name").fill("tea-2");
		await page.getByLabel("Temperature").pressSequentially("0.5");
		await page.getByLabel("Maximum length of a reply").fill("77");
		await page.getByLabel("When to ask for a person").fill("Refunds.");
		await page.getByLabel("Closing sentence", { exact: true }).fill("Jane will help you.");
		await page.getByLabel("Closing sentence outside").fill("Jane sleeps.");
		await page.getByLabel("Answer while a person").fill("Wait for Jane.");
		await page.getByLabel("Stays with the person").check();
		await page.getByLabel("Answers visitors").uncheck();
		await save(page);
		await page.getByText("Saved. It applies").waitFor();
		const { name, purpose, ...now } = await stored(agent);
		assert.deepEqual([name, purpose], ["Teamaster", null]);
		const expected = {
			custom_instructions: "Be brief.\nBe kind.",
			restricted_topics: "Coffee.",
			key_name: "local",
			base_url: "http://127.0.0.1:9/v1",
			model: "tea-2",
			temperature: 0.5,
			max_output_tokens: 77,
			escalation_instructions: "Refunds.",
			waiting_text: "Jane will help you.",
			closedText: "Jane sleeps.",
			handover_text: "Wait for Jane.",
			no_return: true,
			enabled: false,
		};
		for (const [member, value] of Object.entries(expected))
			assert.equal(now[member], value, member);
		await page.getByRole("heading", { name: "Teamaster", level: 1 }).waitFor();
		assert.equal(await page.getByRole("button", { name: "Discard changes" }).count(), 0);
		assertQuiet(complaints);
	});

	it("keep what is asked next, and further settings of the model", async () => {
		const agent = await create();
		const { page, complaints } = await edit(agent);
		const add = page.getByRole("button", { name: "Add another model" });
		await add.click();
		await page.getByLabel("Model server").nth(1).selectOption("local");
		await add.click();
		await page.getByLabel("Model name").nth(2).fill("tea-3");
		await page.getByText("More settings of this model").click();
		await page.getByLabel("Reasoning effort").fill("low");
		await page.getByLabel("Show its thoughts").check();
		const extra = page.getByLabel("Additional parameters (JSON)");
		await extra.fill('{ "top_p": ');
		await save(page);
		await page.getByText("An object of at most 4,096 bytes of JSON").waitFor();
		assert.equal(await extra.inputValue(), '{ "top_p": ');
		await extra.press("0");
		await page.getByText("An object of at most 4,096 bytes of JSON").waitFor({ state: "hidden" });
		assert.ok(await extra.isVisible());
		await extra.fill('{ "top_p": 0.5 }');
		await save(page);
		await page.getByText("Saved. It applies").waitFor();
		const { fallbacks, reasoningEffort, keepThoughts, extra: members } = await stored(agent);
		assert.deepEqual(
			fallbacks.map((one) => [one.key_name, one.model]),
			[
				["local", null],
				[null, "tea-3"],
			],
		);
		assert.deepEqual([reasoningEffort, keepThoughts, members], ["low", true, { top_p: 0.5 }]);
		await page.getByRole("button", { name: "Remove model 1" }).click();
		await save(page);
		await until("one is left", async () => (await stored(agent)).fallbacks.length === 1);
		assertQuiet(complaints.filter((text) => !text.includes("status of 422")));
	});

	it("name what the model server refuses of a model", async () => {
		const agent = await create({ model: "stubborn" });
		const body = { message: "[[no-stream-options=400 tokens=2]] hello" };
		const answer = await fetch(`${banter.url}/v1/admin/agents/${agent.id}/test`, {
			method: "POST",
			headers: { "content-type": "application/json", "x-admin-api-key": ADMIN_KEY },
			body: JSON.stringify(body),
		});
		assert.match(await answer.text(), /t1/);
		const { page } = await edit(agent);
		await page.getByText("left out or written differently: stream_options.").waitFor();
	});

	it("show what the server says of a field", async () => {
		const agent = await create();
		const { page } = await edit(agent);
		await page.getByLabel("Model name").fill("modèle");
		await save(page);
		await page.getByText("One field needs a correction.").waitFor();
		const field = page.getByLabel("Model name");
		assert.equal(await field.getAttribute("aria-invalid"), "true");
		await field.fill("model-1");
		assert.equal(await field.getAttribute("aria-invalid"), "false");
		await save(page);
		await page.getByText("Saved. It applies").waitFor();
		assert.equal((await stored(agent)).model, "model-1");
	});

	it("suggest the models that the server lists, or else those that its other agents have", async () => {
		await create({ key_name: "local", model: "known-1" });
		const { page } = await edit(await create());
		const field = page.getByLabel("Model name");
		await page.getByText("The server does not offer “gpt-4.1-mini”.").waitFor();
		const list = await field.getAttribute("list");
		const suggested = () =>
			page.evaluate((id) => [...document.getElementById(id).options].map((one) => one.value), list);
		assert.deepEqual(await suggested(), ["banter-demo"]);
		await field.fill("banter-demo");
		await page.getByText("The server offers 1 model.").waitFor();
		await page.getByLabel("Model server").selectOption("local");
		await page.getByText("The model server cannot be reached.").waitFor();
		await until("the others are suggested", async () => {
			const names = await suggested();
			return names.includes("known-1") && !names.includes("banter-demo");
		});
	});

	it("a test streams with unsaved changes, over several turns, and stores nothing", async () => {
		const agent = await create({ purpose: "Sell tea." });
		const { page, complaints } = await edit(agent);
		await page.getByText("As saved").waitFor();
		await page.getByLabel("Purpose").fill("Sell cacti.");
		await page.getByLabel("Temperature").fill("1.5");
		await page.getByText("With your unsaved changes").waitFor();
		await ask(page, "[[tokens=20 hold-after=5]] first");
		await log(page).getByText(numbered(5), { exact: true }).waitFor();
		await banter.release("first");
		await log(page).getByText(numbered(20), { exact: true }).waitFor();
		assert.equal(await systemPrompt(), "Sell cacti.");
		assert.equal((await banter.model("last")).body.temperature, 1.5);
		await ask(page, '[[text="It is **dry**."]] second');
		await log(page).locator("strong", { hasText: "dry" }).waitFor();
		assert.deepEqual(await turns(), [
			"[[tokens=20 hold-after=5]] first",
			numbered(20),
			'[[text="It is **dry**."]] second',
		]);
		assert.equal((await banter.conversations()).total, 0);
		assert.deepEqual(await stored(agent), agent);
		await page.getByRole("button", { name: "Start over" }).click();
		await page.getByText("Write as a visitor would.").waitFor();
		assertQuiet(complaints);
	});

	it("a test can be stopped, says plainly why it failed, and asks again", async () => {
		const { page } = await edit(await create());
		await ask(page, "[[tokens=20 hold-after=3]] stop");
		await log(page).getByText(numbered(3), { exact: true }).waitFor();
		await page.getByRole("button", { name: "Stop the reply" }).click();
		await log(page).getByText("Stopped", { exact: true }).waitFor();
		for (const [directive, said] of [
			["fail=401", /refused the request/],
			["fail=429 retry-after=30", /too many requests/],
			["tokens=5 error-after=2", /refused the request/],
		]) {
			await ask(page, `[[${directive}]] fail`);
			await log(page).getByText(said).last().waitFor();
			await page.getByRole("button", { name: "Ask again" }).waitFor();
		}
		await ask(page, "[[tokens=3 fail=401 fail-times=1]] once");
		await page.getByRole("button", { name: "Ask again" }).click();
		await log(page).getByText(numbered(3), { exact: true }).last().waitFor();
		// The keyboard is where it was.
		await question(page).press("Shift+Enter");
		assert.equal(await question(page).inputValue(), "\n");
	});

	it("the prompt is the one that the model gets, with unsaved changes", async () => {
		const agent = await create({
			escalation_instructions: "Refunds.",
			restricted_topics: "Coffee.",
		});
		const { page, complaints } = await edit(agent);
		await view(page, "Prompt").click();
		const prompt = page.locator(".prompt-text");
		const shown = () => prompt.evaluate((node) => node.textContent);
		await prompt.getByText(SYSTEM_PROMPT).waitFor();
		await page.getByLabel("Purpose").fill("Sell cacti.\n\nOnly round ones.");
		await page.getByLabel("Additional instructions").fill("Be brief.");
		await until("it follows", async () => (await shown()).includes("Be brief."));
		const expected = await shown();
		await view(page, "Test").click();
		await ask(page, "[[tokens=2]] hello");
		await log(page).getByText(numbered(2), { exact: true }).waitFor();
		assert.equal(await systemPrompt(), expected);
		await page.getByRole("button", { name: "Discard changes" }).click();
		await view(page, "Prompt").click();
		await prompt.getByText(SYSTEM_PROMPT).waitFor();
		assertQuiet(complaints);
	});

	it("two people: unchanged forms follow, and a conflict overwrites nothing", async () => {
		const agent = await create({ custom_instructions: "Old." });
		const one = (await edit(agent)).page;
		const two = (await edit(agent)).page;
		const text = (page) => page.getByLabel("Additional instructions");
		await text(two).fill("Mine.");
		await text(one).fill("Theirs.");
		await save(one);
		await one.getByText("Saved. It applies").waitFor();
		const three = (await edit(agent)).page;
		await save(two);
		await two.getByText("Somebody else has changed this").waitFor();
		assert.equal((await stored(agent)).custom_instructions, "Theirs.");
		assert.equal(await text(two).inputValue(), "Mine.");
		await two.getByRole("button", { name: "Keep my changes" }).click();
		await save(two);
		await two.getByText("Saved. It applies").waitFor();
		assert.equal((await stored(agent)).custom_instructions, "Mine.");
		for (const page of [one, three])
			await until("it follows", async () => (await text(page).inputValue()) === "Mine.");
		await text(two).fill("Again mine.");
		await text(one).fill("Again theirs.");
		await save(one);
		await save(two);
		await two.getByRole("button", { name: "Take the other version" }).click();
		assert.equal(await text(two).inputValue(), "Again theirs.");
	});

	it("keep unsaved changes on other pages, until they are discarded or the agent is deleted", async () => {
		const agent = await create();
		const { page } = await edit(agent);
		await page.getByLabel("Purpose").fill("Not saved yet");
		await page.getByRole("link", { name: "Contacts", exact: true }).click();
		await page.getByRole("heading", { name: "Contacts", level: 1 }).waitFor();
		assert.equal(await asksBeforeClosing(page), true);
		await page.goBack();
		assert.equal(await page.getByLabel("Purpose").inputValue(), "Not saved yet");
		await page.getByRole("button", { name: "Discard changes" }).click();
		assert.notEqual(await page.getByLabel("Purpose").inputValue(), "Not saved yet");
		assert.equal(await asksBeforeClosing(page), false);
		await page.getByLabel("Purpose").fill("Nobody needs it");
		await page.getByRole("button", { name: "More actions" }).click();
		await page.getByRole("menuitem", { name: "Delete agent" }).click();
		await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
		await page.getByRole("heading", { name: "Agents", level: 1 }).waitFor();
		assert.equal(await asksBeforeClosing(page), false);
	});

	it("can be copied, and deleted when no widget uses them", async () => {
		const agent = await create({ name: "Original", purpose: "Sell tea.", key_name: "local" });
		const widget = await admin("POST", "widgets", { name: "Tea shop", agent_id: agent.id });
		const { page, complaints } = await edit(agent);
		const choose = async (item) => {
			await page.getByRole("button", { name: "More actions" }).click();
			await page.getByRole("menuitem", { name: item }).click();
		};
		await choose("Delete agent");
		const dialog = page.getByRole("dialog");
		await dialog.getByRole("link", { name: "Tea shop" }).waitFor();
		assert.equal(await dialog.getByRole("button", { name: "Delete" }).count(), 0);
		await page.keyboard.press("Escape");
		await choose("Copy agent");
		assert.equal(await dialog.getByLabel("Name").inputValue(), "Original (copy)");
		await dialog.getByRole("button", { name: "Create" }).click();
		await page.getByRole("heading", { name: "Original (copy)", level: 1 }).waitFor();
		const copy = (await admin("GET", "agents")).agents.find(({ name }) => name.endsWith("(copy)"));
		assert.deepEqual([copy.purpose, copy.key_name], ["Sell tea.", "local"]);
		await choose("Delete agent");
		await dialog.getByText("deleted for good").waitFor();
		const list = await holdBack(page, "**/v1/admin/agents?*");
		await dialog.getByRole("button", { name: "Delete" }).click();
		await page.getByText("“Original (copy)” was deleted.").waitFor();
		await page.getByRole("heading", { name: "Agents", level: 1 }).waitFor();
		await list.asked;
		assert.equal(await page.getByText("Original (copy)", { exact: true }).count(), 0);
		list.release();
		await until("it has left the list", async () => {
			const names = await page.locator(".agent-name").allTextContents();
			return names.includes("Original") && !names.includes("Original (copy)");
		});
		assertQuiet(complaints);
		await admin("DELETE", `widgets/${widget.id}`);
		await page.goto(`${banter.url}/agents/${copy.id}`);
		await page.getByText("This agent does not exist").waitFor();
	});

	for (const [name, screen] of SCREENS)
		it(`leave axe nothing to report, ${name}`, async () => {
			const agent = await create({
				name: `${name} ${"a".repeat(80)}`,
				purpose: "Sell tea. ".repeat(60),
			});
			const { page } = await visit("/agents", screen);
			await page.getByRole("link", { name: agent.name }).waitFor();
			await assertAccessible(page);
			await page.getByRole("button", { name: "New agent" }).click();
			await page.getByRole("dialog").waitFor();
			await assertAccessible(page);
			await page.keyboard.press("Escape");
			await page.goto(`${banter.url}/agents/${AGENT}`);
			await page.getByLabel("Purpose").waitFor();
			await page.getByLabel("Model name").fill("modèle");
			await save(page);
			await page.getByText("One field needs a correction.").waitFor();
			await assertAccessible(page);
			await view(page, "Test").click();
			await ask(page, "with an invalid field");
			await log(page).getByText("invalid value").waitFor();
			await assertAccessible(page);
			if ((await view(page, "Settings").count()) > 0) await view(page, "Settings").click();
			await page.getByRole("button", { name: "Discard changes" }).click();
			await view(page, "Test").click();
			await ask(page, MARKDOWN);
			await log(page).getByRole("cell", { name: "two" }).waitFor();
			await assertAccessible(page);
			await view(page, "Prompt").click();
			await assertAccessible(page);
			await page.goto(`${banter.url}/agents/no-agent`);
			await page.getByText("This agent does not exist").waitFor();
			await assertAccessible(page);
		});
});
