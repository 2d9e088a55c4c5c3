// The dashboard's numbers: they equal what the API counts, follow what happens, and become files.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import { until, WIDGET_KEY } from "../e2e/harness.mjs";
import { avoidMidnight } from "../e2e/visitors.mjs";
import { missing } from "./browser.mjs";
import { assertAccessible, SCREENS, useDashboard } from "./dashboard.mjs";

const DAY_MS = 24 * 3600 * 1000;
const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);
const sum = (rows, value) => rows.reduce((total, row) => total + value(row), 0);
const plain = (text) => Number(text.replace(/[^\d.-]/g, ""));

describe("the dashboard's numbers", { skip: missing }, () => {
	const { banter, admin, visit } = useDashboard({ areKept: true });
	let talks = 0;
	const talk = (session = `talk-${++talks}`) => banter.chat(session, "[[tokens=5]] hello");

	/** The page, when its numbers are there. */
	async function open(query = "", options) {
		const opened = await visit(`/numbers${query}`, options);
		await opened.page.getByRole("heading", { name: "Busiest hours" }).waitFor();
		return opened;
	}
	const tile = (page, name) =>
		page.locator(".tile", { has: page.getByText(name, { exact: true }) }).locator(".tile-value");
	const shows = (page, name, expected) =>
		until(`${name} is ${expected}`, async () => {
			const text = await tile(page, name).textContent();
			return plain(text) === expected;
		});

	it("say that nothing has happened yet", async () => {
		const { page, complaints } = await visit("/numbers");
		await page.getByRole("heading", { name: "No data for this period" }).waitFor();
		await shows(page, "Conversations", 0);
		assert.equal(await page.locator(".chart").count(), 0, "no empty charts");
		await assertAccessible(page);
		assert.deepEqual(complaints, []);
	});

	describe("after conversations", () => {
		before(async () => {
			for (let i = 0; i < 4; i++) await talk();
			await talk("talk-1");
			await admin("PUT", "prices", {
				currency: "EUR",
				models: { "gpt-4.1-mini": { inputPerMillion: 1000, outputPerMillion: 2000 } },
			});
		});

		it("equal those of the API, costs included", async () => {
			const { page, complaints } = await open();
			const { rows } = await admin("GET", "numbers");
			await shows(
				page,
				"Conversations",
				sum(rows, (row) => row.conversations),
			);
			await shows(
				page,
				"Messages",
				sum(rows, (row) => row.messages),
			);
			await shows(
				page,
				"Tokens",
				sum(rows, (row) => row.tokensIn + row.tokensOut),
			);
			await shows(page, "Complete replies", 100);
			const cost = sum(rows, (row) => (row.tokensIn * 1000 + row.tokensOut * 2000) / 1e6);
			const digits = cost < 1 ? 4 : 2;
			await shows(page, "Cost", Number(cost.toFixed(digits)));
			await page
				.locator(".tile", { hasText: "By the prices of the models that wrote the replies" })
				.waitFor();
			assert.deepEqual(complaints, []);
		});

		it("follow what happens", async () => {
			const { page } = await open();
			const before = plain(await tile(page, "Conversations").textContent());
			const { json } = await talk();
			await shows(page, "Conversations", before + 1);
			await shows(page, "Hand-overs", 0);
			await admin("POST", `conversations/${json.conversationId}/takeover`, { name: "Ann" });
			await shows(page, "Hand-overs", 1);
			await admin("POST", `conversations/${json.conversationId}/messages`, { content: "Hello" });
			await page.getByRole("rowheader", { name: "Team", exact: true }).waitFor();
			const headers = { "x-api-key": WIDGET_KEY };
			const body = { sessionId: `talk-${talks}`, rating: "up" };
			const rated = `/v1/chat/${json.messageId}/rating`;
			assert.ok((await banter.request("POST", rated, { headers, body })).status < 300);
			await shows(page, "Good ratings", 100);
			await page.getByText(/^Median; 95 % within [\d.]+ (ms|s)/).waitFor();
			await page
				.locator(".breakdown")
				.first()
				.getByText(/^95 % within/)
				.waitFor();
		});

		it("have a table for each chart", async () => {
			await avoidMidnight();
			const { page } = await open("?days=7");
			const { rows } = await admin("GET", `numbers?from=${dayOf(Date.now() - 6 * DAY_MS)}`);
			const total = sum(rows, (row) => row.messages);
			const charts = page.locator(".chart-details summary");
			await page.getByRole("img", { name: /^Chart: Cost/ }).waitFor();
			assert.equal(await charts.count(), 6);
			await page
				.locator(".chart", { has: page.getByRole("heading", { name: "Messages" }) })
				.getByText("As a table")
				.press("Enter");
			const cells = page
				.getByRole("region", { name: "Messages" })
				.locator("tbody tr td:nth-of-type(1)");
			await cells.nth(6).waitFor();
			assert.equal(await cells.count(), 7);
			const shown = (await cells.allTextContents()).map(plain);
			assert.equal(
				sum(shown, (value) => value),
				total,
			);
			await assertAccessible(page);
		});

		it("are drawn, with a tooltip for the day under the pointer", async () => {
			await avoidMidnight();
			const { page, complaints } = await open("?days=7");
			const chart = page.locator(".chart", {
				has: page.getByRole("heading", { name: "Conversations" }),
			});
			await chart.locator("canvas").waitFor();
			const { x, y, width, height } = await chart.locator(".u-over").boundingBox();
			await page.mouse.move(x + width - 12, y + height / 2);
			await chart.locator(".chart-tip").waitFor();
			const { rows } = await admin("GET", `numbers?from=${dayOf(Date.now())}`);
			const [value] = await chart.locator(".chart-tip strong").allTextContents();
			// None if it is another day since the conversations.
			assert.equal(plain(value), rows[0]?.conversations ?? 0);
			await page.emulateMedia({ colorScheme: "dark" });
			await chart.locator("canvas").waitFor();
			assert.deepEqual(complaints, []);
		});

		it("show the busiest hour", async () => {
			const { page } = await open();
			const { rows } = await admin("GET", "numbers?by=hour");
			await page.locator(".heat-5").first().waitFor();
			const counts = await page.locator(".heat-cell").allTextContents();
			assert.equal(counts.length, 7 * 24);
			assert.equal(
				sum(counts, Number),
				sum(rows, (row) => row.messagesByRole.user),
			);
		});

		it("are compared with the period before, in a period that the address keeps", async () => {
			const { page } = await open();
			await page.getByText("Custom", { exact: true }).click();
			await page.getByLabel("From").fill("2025-02-01");
			await page.getByLabel("To", { exact: true }).fill("2025-01-01");
			await page.getByRole("button", { name: "Show" }).click();
			await page.getByText("Choose two days in order").waitFor();
			await assertAccessible(page);
			await page.getByLabel("To", { exact: true }).fill("2025-02-10");
			await page.getByRole("button", { name: "Show" }).click();
			await page.waitForURL(/from=2025-02-01&to=2025-02-10/);
			await shows(page, "Conversations", 0);
			await page.reload();
			await page.getByText("Feb 1, 2025 to Feb 10, 2025").waitFor();
			await page.getByText("Year", { exact: true }).click();
			await page.waitForURL(/days=365/);
			const { rows } = await admin("GET", "numbers");
			await shows(
				page,
				"Conversations",
				sum(rows, (row) => row.conversations),
			);
		});

		it("are those of one widget or agent, as the address says", async () => {
			const other = await admin("POST", "widgets", { name: "Silent" });
			const [agent] = (await admin("GET", "agents")).agents;
			const { page } = await open();
			const filter = page.getByLabel("Widget or agent");
			await filter.locator("option", { hasText: "Silent" }).waitFor({ state: "attached" });
			await filter.selectOption({ label: "Silent" });
			await page.waitForURL(new RegExp(`widget=${other.id}`));
			await shows(page, "Conversations", 0);
			await page.reload();
			await shows(page, "Conversations", 0);
			await filter.selectOption({ label: agent.name });
			await page.waitForURL(new RegExp(`agent=${agent.id}`));
			const { rows } = await admin("GET", `numbers?agentId=${agent.id}`);
			await shows(
				page,
				"Tokens",
				sum(rows, (row) => row.tokensIn + row.tokensOut),
			);
		});

		it("become files with the same rows, and no name in them is a formula", async () => {
			await avoidMidnight();
			const [widget] = (await admin("GET", "widgets")).widgets;
			await admin("PUT", `widgets/${widget.id}`, { name: '=HYPERLINK("http://x")' });
			const { page } = await open();
			const save = async (button) => {
				const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
				const text = await readFile(await download.path(), "utf8");
				return {
					name: download.suggestedFilename(),
					lines: text.replace("\ufeff", "").split("\r\n"),
				};
			};
			const today = dayOf(Date.now());
			const days = await save(page.getByRole("button", { name: "Download as CSV" }));
			assert.equal(days.name, `banter-days-${dayOf(Date.now() - 29 * DAY_MS)}-${today}.csv`);
			const { rows } = await admin("GET", "numbers");
			const column = days.lines[0].split(",").indexOf("tokens_in");
			assert.deepEqual(
				days.lines
					.slice(1, -1)
					.map((line) => [line.split(",")[0], Number(line.split(",")[column])]),
				Array.from({ length: 30 }, (_, i) => dayOf(Date.now() - (29 - i) * DAY_MS)).map((day) => [
					day,
					rows.find((row) => row.day === day)?.tokensIn ?? 0,
				]),
			);
			await page.getByRole("link", { name: /HYPERLINK/ }).waitFor();
			const widgets = await save(page.getByRole("button", { name: "CSV: By widget" }));
			assert.ok(widgets.lines[1].startsWith(`${widget.id},"'=HYPERLINK(`), widgets.lines[1]);
			const models = await save(page.getByRole("button", { name: "CSV: By model" }));
			const spent = [sum(rows, (row) => row.tokensIn), sum(rows, (row) => row.tokensOut)];
			const cost = (spent[0] * 1000 + spent[1] * 2000) / 1e6;
			assert.deepEqual(models.lines, [
				"model,tokens_in,tokens_out,cost,currency",
				`gpt-4.1-mini,${spent},${cost},EUR`,
				"",
			]);
			await page
				.getByRole("region", { name: "By model" })
				.getByRole("rowheader", { name: "gpt-4.1-mini" })
				.waitFor();
			const agents = await save(page.getByRole("button", { name: "CSV: By agent" }));
			assert.match(agents.lines[0], /^agent_id,agent,cost,currency,conversations,/);
			assert.match(agents.lines[1], /,EUR,/);
		});

		it("say what could not be loaded, and follow when it can be", async () => {
			/** The parts of which the server's answer is a failure. */
			const broken = new Set(["day", "widget", "prices"]);
			const prepare = (context) =>
				context.route(/\/v1\/admin\/(numbers|prices)/, (route) => {
					const url = new URL(route.request().url());
					const part = url.searchParams.get("by") ?? "prices";
					return broken.has(part)
						? route.fulfill({ status: 500, body: '{"error":"broken"}' })
						: route.continue();
				});
			const { page } = await visit("/numbers", { prepare });
			const alerts = page.getByRole("alert");
			await alerts.getByText("The server had a problem (500).").waitFor();
			assert.equal(await alerts.count(), 1, "nothing is shown without the days");
			await assertAccessible(page);
			broken.delete("day");
			await alerts.getByRole("button", { name: "Try again now" }).click();
			const cost = page.locator(".tile", { hasText: "Cost" });
			await cost.getByText("The server had a problem (500).").waitFor();
			const widgets = page.locator(".breakdown", { hasText: "By widget" });
			await widgets.getByRole("alert").waitFor();
			await page.locator("canvas").first().waitFor();
			await assertAccessible(page);
			broken.clear();
			await widgets.getByRole("button", { name: "Try again now" }).click();
			await widgets.getByRole("table").waitFor();
			await until("the costs come by themselves", async () => {
				return (await cost.getByText("The server had a problem").count()) === 0;
			});
			broken.add("day");
			await banter.chat("late", "[[tokens=1]] one more");
			await page.getByRole("status").getByText("This is what was loaded last.").waitFor();
			assert.ok((await page.locator("canvas").count()) > 0, "the old numbers stay");
		});

		for (const [name, screen] of SCREENS)
			it(`are accessible ${name}`, async () => {
				const { page } = await open("?days=90", screen);
				await page.locator("canvas").first().waitFor();
				await page.locator(".breakdown").nth(1).waitFor();
				await assertAccessible(page);
			});
	});
});
