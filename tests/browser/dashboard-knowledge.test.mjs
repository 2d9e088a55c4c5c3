// The dashboard's knowledge: sources that crawld reads of a site of this test, files, answers, open questions, and what
// would be found. What an agent knows, and what a thread shows of it: dashboard-knowledge-use.test.mjs.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { addUser, logIn } from "../e2e/accounts.mjs";
import { page as html, Site } from "../e2e/crawl-site.mjs";
import { until, WIDGET_KEY } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { asksBeforeClosing, assertAccessible, SCREENS, useDashboard } from "./dashboard.mjs";

const LONG =
	"Returns, exchanges and refunds of orders that were placed as a guest, with and without a receipt";
const PLANTS = 60;
/** The model says that the content has no answer. */
const NO_ANSWER = '[[text="I do not know. [S0]"]]';

const sitePages = () => ({
	"/robots.txt": { type: "text/plain", body: "User-agent: *\nDisallow: /private\n" },
	"/": html("Fernlight Plants", "We sell plants that live with you for years.", [
		"/delivery",
		"/returns",
		"/private/prices",
		...Array.from({ length: PLANTS }, (_, i) => `/plants/${i}`),
	]),
	"/delivery": html("Delivery", "Delivery takes two days and costs 4.90 euros in Germany."),
	"/returns": html(LONG, "You can return a plant within thirty days."),
	...Object.fromEntries(
		Array.from({ length: PLANTS }, (_, i) => [
			`/plants/${i}`,
			html(`Plant number ${i}`, `Plant ${i} grows to ${i + 10} centimetres.`),
		]),
	),
});

describe("the dashboard's knowledge", { skip: missing }, () => {
	const { banter, admin, visit } = useDashboard({
		areKept: true,
		search: true,
		crawl: true,
		env: { CRAWL_ALLOW: "127.0.0.1", CRAWL_DELAY_MS: "0" },
	});
	let site;
	let member;
	before(async () => {
		site = await Site.start(sitePages());
		member = await logIn(banter, await addUser(banter, "m@x.example", "--member"));
	});
	after(() => site.stop());

	const button = (page, name) => page.getByRole("button", { name, exact: true });
	const dialog = (page) => page.getByRole("dialog");
	const list = (page, name) => page.getByRole("list", { name, exact: true });
	const row = (page, name, text) =>
		list(page, name).getByRole("listitem").filter({ hasText: text }).first();
	const segment = (page, text) => page.locator(".segment").filter({ hasText: text });
	const stateOf = async (id) => (await admin("GET", `sources/${id}`)).state;

	/** A site that was read. */
	let read;
	const readSite = () => {
		read ??= (async () => {
			const source = await admin("POST", "sources", {
				...{ name: "Shop", kind: "site", url: `${site.origin}/` },
			});
			await until("the site is read", async () => {
				const { state, pages } = await stateOf(source.id);
				return state === "idle" && pages.waiting === 0 && pages.read > PLANTS;
			});
			return source;
		})();
		return read;
	};
	const addFiles = (name) => admin("POST", "sources", { name, kind: "files" });
	const note = (name, text = "A fern costs three euros.") => ({
		name,
		mimeType: "text/markdown",
		buffer: Buffer.from(`# ${name}\n\n${text}`),
	});

	it("a source that no agent uses offers the first agent, which answers from it then", async () => {
		const [{ id }] = (await admin("GET", "agents")).agents;
		const agent = () => admin("GET", `agents/${id}`);
		const { page } = await visit("/knowledge");
		await button(page, "New source").click();
		await dialog(page).getByText("Files", { exact: true }).click();
		await button(dialog(page), "Create").click();
		await page.getByText("No agent answers from this source yet.").waitFor();
		await button(page, "Use in Assistant").click();
		await page.getByText("“Assistant” answers from it now.").waitFor();
		await button(page, "Use in Assistant").waitFor({ state: "detached" });
		assert.equal((await agent()).knowledge, "all");

		// With sources that were chosen, this one is one more.
		const first = new URL(page.url()).pathname.split("/").pop();
		const second = await addFiles("More");
		await admin("PUT", `agents/${id}`, { knowledge: "some", sources: [first] });
		await page.goto(`${banter.url}/knowledge/sources/${second.id}`);
		await button(page, "Use in Assistant").click();
		await button(page, "Use in Assistant").waitFor({ state: "detached" });
		assert.deepEqual((await agent()).sources, [first, second.id]);

		await admin("PUT", `agents/${id}`, { knowledge: "none", sources: [] });
		for (const one of [first, second.id]) await admin("DELETE", `sources/${one}`);
	});

	it("a site is added by its address, and its pages appear with their states while it is read", async () => {
		const { page, complaints } = await visit("/knowledge");
		const other = (await visit("/knowledge", { session: member })).page;
		await other.getByText("An owner can add").waitFor();
		assert.equal(await button(other, "New source").count(), 0);
		await button(page, "New source").click();
		const address = dialog(page).getByRole("textbox", { name: "Address" });
		await until("the address has the focus", () =>
			address.evaluate((node) => node === document.activeElement),
		);
		await page.keyboard.press("Enter");
		await until(
			"the address is refused",
			async () => (await address.getAttribute("aria-invalid")) === "true",
		);
		await address.fill(`${site.origin}/`);
		await page.keyboard.press("Enter");
		await page.getByRole("heading", { name: new URL(site.origin).host, level: 1 }).waitFor();
		await row(page, "Pages", "Delivery").getByText("Read", { exact: true }).waitFor();
		await row(page, "Pages", "/private/prices")
			.getByText("robots.txt does not allow it.")
			.waitFor();
		await row(other, "Sources", new URL(site.origin).host)
			.getByText(`${PLANTS + 3} pages`)
			.waitFor();
		const { sources } = await admin("GET", "sources");
		await admin("DELETE", `sources/${sources[0].id}`);
		await other.getByText("No source yet").waitFor();
		await page.getByText("This source does not exist").waitFor();
		// The request for a source that is gone.
		assert.deepEqual(
			complaints.filter((text) => !/40[4]|422/.test(text)),
			[],
		);
	});

	it("pages are filtered, searched, read to their end, and shown with their passages", async () => {
		const { id } = await readSite();
		const { page, complaints } = await visit(`/knowledge/sources/${id}`);
		await segment(page, "Not read 1").click();
		await row(page, "Pages", "/private/prices").waitFor();
		assert.equal(await list(page, "Pages").getByRole("listitem").count(), 1);
		await segment(page, "All").click();
		await row(page, "Pages", "Delivery").waitFor();
		await until("all pages are loaded", async () => {
			await page.keyboard.press("End");
			await page.mouse.wheel(0, 100_000);
			return (await list(page, "Pages").getByRole("listitem").count()) === PLANTS + 4;
		});
		await page.getByText("These are all pages.").waitFor();
		await page.getByRole("searchbox").fill("Plant number 7");
		await until(
			"one page matches",
			async () => (await list(page, "Pages").getByRole("listitem").count()) === 1,
		);
		await page.getByRole("searchbox").fill("no such page");
		await page.getByText("No page matches.").waitFor();
		await page.getByRole("searchbox").fill("delivery");
		const opener = button(row(page, "Pages", "Delivery"), "Delivery");
		await opener.focus();
		await page.keyboard.press("Enter");
		await dialog(page).getByText("Delivery takes two days").waitFor();
		await page.keyboard.press("Escape");
		await dialog(page).waitFor({ state: "detached" });
		assert.ok(await opener.evaluate((node) => node === document.activeElement));
		assert.deepEqual(complaints, []);
	});

	it("reading again shows what has changed, without moving or storming", async () => {
		const { id } = await readSite();
		const { page } = await visit(`/knowledge/sources/${id}`);
		await row(page, "Pages", "Plant number 3").waitFor();
		const requests = [];
		page.on("request", (request) => {
			if (/\/v1\/admin\/sources\//.test(request.url())) requests.push(Date.now());
		});
		site.pages["/plants/3"] = html("Fig tree", "It grows to thirteen centimetres.");
		const begin = Date.now();
		await button(page, "Crawl again").click();
		await row(page, "Pages", "Fig tree").waitFor();
		await until("the crawl has ended", async () => (await stateOf(id)).state === "idle");
		const seconds = (Date.now() - begin) / 1_000;
		// POST, then at most three kinds of data at most every 1.5 s, while 64 pages are read.
		assert.ok(
			requests.length <= 4 + 3 * Math.ceil(seconds / 1.5),
			`${requests.length} requests in ${seconds} s`,
		);
	});

	it("two people who edit a source decide about each other's changes", async () => {
		const source = await admin("POST", "sources", { name: "API docs", kind: "pushed" });
		const open = async () => {
			const { page } = await visit(`/knowledge/sources/${source.id}`);
			await segment(page, "Settings").click();
			return page;
		};
		const [page, other] = [await open(), await open()];
		const name = (one) => one.getByRole("textbox", { name: "Name" });
		await name(page).fill("Docs of the API");
		await until("the browser would ask", () => asksBeforeClosing(page));
		await name(other).fill("Reference");
		await button(other, "Save").click();
		await other.getByRole("heading", { name: "Reference", level: 1 }).waitFor();
		await page.getByRole("heading", { name: "Reference", level: 1 }).waitFor();
		assert.equal(await name(page).inputValue(), "Docs of the API");
		await button(page, "Save").click();
		await page.getByText("Somebody else has changed this in the meantime").waitFor();
		assert.equal((await admin("GET", `sources/${source.id}`)).name, "Reference");
		await button(page, "Keep my changes").click();
		await button(page, "Save").click();
		await other.getByRole("heading", { name: "Docs of the API", level: 1 }).waitFor();
		assert.equal(await name(other).inputValue(), "Docs of the API");
		await admin("DELETE", `sources/${source.id}`);
	});

	it("fifty files are sent, and what cannot be read says why", async () => {
		const source = await addFiles("Price lists");
		const { page, complaints } = await visit(`/knowledge/sources/${source.id}`);
		await page.getByText("No file yet").waitFor();
		const picker = page.locator("input[type=file]");
		await picker.setInputFiles([
			...Array.from({ length: 48 }, (_, i) => note(`list-${i}.md`)),
			{ name: "photo.jpg", mimeType: "image/jpeg", buffer: Buffer.from("x") },
			{ ...note("empty.md"), buffer: Buffer.alloc(0) },
		]);
		await page.getByText("Files of this type cannot be read.").waitFor();
		await page.getByText("The file is empty.").waitFor();
		await page.getByRole("status").filter({ hasText: "48 of 48 sent" }).waitFor();
		assert.equal(await asksBeforeClosing(page), false);
		await until("all are read", async () => (await stateOf(source.id)).pages.read === 48);
		await segment(page, "Read 48").waitFor();
		await row(page, "Files", "list-0.md").getByText("Read", { exact: true }).waitFor();
		await button(page, "Remove photo.jpg from this list").click();
		await page.getByText("Files of this type cannot be read.").waitFor({ state: "detached" });
		assert.deepEqual(complaints, []);
	});

	it("files are dropped, also while others are on their way", async () => {
		const source = await addFiles("Dropped");
		const { page } = await visit(`/knowledge/sources/${source.id}`);
		const box = page.getByRole("group", { name: "Drop files here" });
		await box.waitFor();
		const drop = (name) =>
			box.evaluate((node, named) => {
				const dataTransfer = new DataTransfer();
				dataTransfer.items.add(new File([`# ${named}\n\nText.`], named));
				node.dispatchEvent(
					new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }),
				);
			}, name);
		await drop("one.md");
		await drop("two.md");
		await row(page, "Files", "one.md").getByText("Read", { exact: true }).waitFor();
		await row(page, "Files", "two.md").getByText("Read", { exact: true }).waitFor();
		await button(page, "Delete two.md").click();
		await button(dialog(page), "Delete").click();
		await row(page, "Files", "two.md").waitFor({ state: "detached" });
	});

	it("an answer is written, published, found, and deleted", async () => {
		const { page, complaints } = await visit("/knowledge/answers");
		const other = (await visit("/knowledge/answers", { session: member })).page;
		await other.getByText("No answer yet").waitFor();
		await button(page, "New answer").click();
		await dialog(page).getByLabel("Question").fill("Do you ship abroad?");
		await until("the browser would ask", () => asksBeforeClosing(page));
		await page.keyboard.press("Escape");
		await button(page, "New answer").click();
		// What was written is still there.
		assert.equal(await dialog(page).getByLabel("Question").inputValue(), "Do you ship abroad?");
		await dialog(page).getByRole("textbox", { name: "Answer" }).fill("Yes, to all of Europe.");
		await button(dialog(page), "Create").click();
		await row(other, "Answers", "Do you ship abroad?").waitFor();
		await until("it is found", async () => {
			const { hits } = await admin("POST", "find", { question: "Do you ship abroad?" });
			return hits.some(({ kind }) => kind === "answer");
		});
		await page.getByRole("link", { name: "Try it" }).click();
		await page.getByLabel("A visitor’s question").fill("Do you ship abroad?");
		await page.keyboard.press("Enter");
		await row(page, "Passages", "Yes, to all of Europe.").getByText("Your answer").waitFor();
		await button(other, "Delete Do you ship abroad?").click();
		await button(dialog(other), "Delete").click();
		await other.getByText("No answer yet").waitFor();
		assert.deepEqual(complaints, []);
	});

	it("open questions are answered or dismissed, and others see it", async () => {
		await readSite();
		const { agents } = await admin("GET", "agents");
		await admin("PUT", `agents/${agents[0].id}`, { knowledge: "all" });
		const ask = (sessionId, question) =>
			banter.request("POST", "/v1/chat", {
				headers: { "x-api-key": WIDGET_KEY },
				body: { sessionId, message: `${question} ${NO_ANSWER}` },
			});
		const { page } = await visit("/knowledge/questions");
		await page.getByText("No open question").waitFor();
		await ask("q-1", "Do you repair lawnmowers?");
		await ask("q-2", "Is there a discount for schools?");
		const other = (await visit("/knowledge/questions", { session: member })).page;
		const question = (one, text) => row(one, "Open questions", text);
		await button(question(page, "discount for schools"), "Dismiss").click();
		await question(other, "discount for schools").waitFor({ state: "detached" });
		await button(question(page, "lawnmowers"), "Answer this").click();
		await dialog(page).getByRole("textbox", { name: "Answer" }).fill("No, but Miller & Sons do.");
		await button(dialog(page), "Create").click();
		await other.getByText("No open question").waitFor();
		const { answers } = await admin("GET", "answers");
		assert.deepEqual(
			answers.map(({ text, published }) => [text, published]),
			[["No, but Miller & Sons do.", true]],
		);
	});

	it("the palette leads to each page", async () => {
		const { page } = await visit("/knowledge");
		await page.getByRole("heading", { name: "Knowledge", level: 1 }).waitFor();
		await page.keyboard.press("Control+k");
		await page.getByRole("combobox").fill("open questions");
		await page.keyboard.press("Enter");
		await page.waitForURL("**/knowledge/questions");
	});

	it("a lost server is said, and what was loaded stays", async () => {
		await readSite();
		const { page } = await visit("/knowledge");
		await row(page, "Sources", "Shop").waitFor();
		await page.route("**/v1/admin/**", (route) => route.abort());
		await page.getByRole("link", { name: "Answers" }).click();
		await page.getByText("The server cannot be reached.").first().waitFor();
		await page.unroute("**/v1/admin/**");
		await page
			.getByRole("button", { name: /^Try again/ })
			.first()
			.click();
		await page.getByText("No answer yet").or(list(page, "Answers")).first().waitFor();
	});

	for (const [name, screen] of SCREENS)
		it(`is accessible ${name}`, async () => {
			const { id } = await readSite();
			const files = await addFiles(`Files ${name}`);
			const { page: one } = await visit("/knowledge", screen);
			const check = async (path, act) => {
				await one.goto(banter.url + path);
				await one.getByRole("heading", { level: 1 }).waitFor();
				await act(one);
				await assertAccessible(one);
			};
			await check("/knowledge", (page) => row(page, "Sources", "Shop").waitFor());
			await check("/knowledge", async (page) => {
				await row(page, "Sources", "Shop").waitFor();
				await button(page, "New source").click();
				await dialog(page).waitFor();
			});
			await check(`/knowledge/sources/${id}`, (page) => row(page, "Pages", LONG).waitFor());
			await check(`/knowledge/sources/${id}`, async (page) => {
				await button(row(page, "Pages", "Delivery"), "Delivery").click();
				await dialog(page).getByText("Delivery takes").waitFor();
			});
			await check(`/knowledge/sources/${id}`, async (page) => {
				await segment(page, "Settings").click();
				await page.getByRole("textbox", { name: "Address" }).waitFor();
			});
			await check(`/knowledge/sources/${files.id}`, async (page) => {
				const photo = { name: "photo.jpg", mimeType: "image/jpeg", buffer: Buffer.from("x") };
				await page.locator("input[type=file]").setInputFiles([photo]);
				await page.getByText("Files of this type cannot be read.").waitFor();
			});
			await check("/knowledge/answers", async (page) => {
				await button(page, "New answer").click();
				await dialog(page).waitFor();
			});
			await check("/knowledge/questions", (page) =>
				page.getByText("No open question").or(list(page, "Open questions")).first().waitFor(),
			);
			await check("/knowledge/find", async (page) => {
				await page.getByLabel("A visitor’s question").fill("How long does delivery take?");
				await button(page, "Find").click();
				await row(page, "Passages", "Delivery").waitFor();
			});
		});
});
