// What fits where: pages of the dashboard on phones and tablets, in the languages with the longest words; long names; the
// picture of a visitor, which is one on all pages; and the colour of a new widget.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { connectToStore, openVisitor, storeTurn, submitContact } from "../e2e/organizations.mjs";
import { missing } from "./browser.mjs";
import { useDashboard } from "./dashboard.mjs";

const PHONE = { viewport: { width: 390, height: 844 } };
const LONG_TAG = "A tag whose name takes far more space";

describe("the layout of the dashboard", { skip: missing }, () => {
	const { banter, admin, visit } = useDashboard({ areKept: true });
	let store;
	let conversation;
	before(async () => {
		store = await connectToStore(banter);
		const [{ id }] = (await admin("GET", "widgets")).widgets;
		await admin("PUT", `widgets/${id}`, {
			name: "Plants, pots and everything else for a green home",
		});
		const { json } = await banter.chat("layout", "Hello");
		conversation = json.conversationId;
		const names = [LONG_TAG, "Delivery, returns and complaints", "One more"];
		const tags = await Promise.all(names.map((name) => admin("POST", "tags", { name })));
		await admin("PUT", `conversations/${conversation}`, { addTags: tags.map(({ id }) => id) });
	});

	after(() => store?.close());

	/** Fails if one of them reaches out of the window. */
	async function assertInWindow(locator) {
		await locator.first().waitFor();
		const width = await locator.first().evaluate(() => window.innerWidth);
		for (const one of await locator.all()) {
			const { x, width: own } = await one.boundingBox();
			assert.ok(x >= 0 && x + own <= width, `${await one.textContent()}: ${x} + ${own}`);
		}
	}

	for (const locale of ["en", "de", "fr", "es"]) {
		it(`keeps the filter and the periods of the reports on a phone: ${locale}`, async () => {
			const { page } = await visit("/numbers", { ...PHONE, locale });
			await assertInWindow(page.locator(".range-filter"));
			await assertInWindow(page.locator(".range .segment"));
		});

		it(`shows the names of all places in the bar of a phone: ${locale}`, async () => {
			const { page } = await visit("/health/live", { locale });
			for (const width of [320, 360]) {
				await page.setViewportSize({ width, height: 640 });
				await page.goto(`${banter.url}/contacts`);
				await assertInWindow(page.locator(".rail-nav a"));
				const names = page.locator(".rail-nav a > span:last-child");
				const boxes = await names.evaluateAll((all) =>
					all.map((one) => [
						one.textContent,
						one.scrollWidth - one.clientWidth,
						one.getBoundingClientRect(),
					]),
				);
				assert.equal(boxes.length, 6);
				for (const [i, [name, over, { left, height }]] of boxes.entries()) {
					assert.ok(over <= 0 && height < 20, `${name} is cut or has two lines at ${width}`);
					const end = boxes[i - 1]?.[2].right ?? 0;
					assert.ok(left > end, `${name} is apart from the one before it at ${width}`);
				}
			}
		});

		it(`shows all tabs of the knowledge on a phone: ${locale}`, async () => {
			const { page } = await visit("/knowledge", { ...PHONE, locale });
			await page.locator(".knowledge-tabs a").nth(3).waitFor();
			await assertInWindow(page.locator(".knowledge-tabs a"));
			assert.equal(
				await page
					.locator(".knowledge-tabs")
					.evaluate((node) => node.scrollWidth > node.clientWidth),
				false,
			);
		});

		it(`keeps the name for the visitor and the dates of a search in their places: ${locale}`, async () => {
			const tablet = { viewport: { width: 768, height: 1024 }, locale };
			const { page } = await visit(`/conversations/${conversation}`, tablet);
			await assertInWindow(page.locator(".who-answers > *"));
			await page.goto(`${banter.url}/search?q=Hello&from=2026-01-01&to=2026-12-31`);
			await assertInWindow(page.locator(".search-filters [type=date]"));
			const isCut = (node) => node.scrollWidth > node.clientWidth;
			for (const field of await page.locator(".search-filters [type=date]").all())
				assert.equal(await field.evaluate(isCut), false);
		});
	}

	it("ends tags that are too long with an ellipsis, and counts the others in full", async () => {
		const { page } = await visit(`/conversations/${conversation}`);
		for (const one of [page.locator(".row-tag-name").first(), page.locator(".tag span").first()]) {
			await one.waitFor();
			const looks = await one.evaluate((node) => {
				const { overflow, textOverflow } = getComputedStyle(node);
				return [overflow, textOverflow];
			});
			assert.deepEqual(looks, ["hidden", "ellipsis"]);
		}
		const marks = await page.locator(".row-marks").boundingBox();
		const more = await page.locator(".row-more").boundingBox();
		assert.ok(more.x + more.width <= marks.x + marks.width, "the number is not cut");
	});

	it("keeps buttons that name an agent or a colleague in the window of a phone", async () => {
		const [{ id }] = (await admin("GET", "agents")).agents;
		const name = "An assistant whose name takes far more space than there is";
		await admin("PUT", `agents/${id}`, { name });
		const source = await admin("POST", "sources", { kind: "files", name: "Handbooks" });
		const colleague = { name: "Maximiliane-Charlotte von Hohenzollern-Sigmaringen" };
		await admin("POST", `conversations/${conversation}/takeover`, colleague);
		const { page } = await visit("/knowledge", { viewport: { width: 320, height: 640 } });
		await assertInWindow(page.getByRole("button", { name: `Use in ${name}` }));
		await page.goto(`${banter.url}/conversations/${conversation}`);
		await assertInWindow(page.getByRole("button", { name: /^Take over from Maximiliane/ }));
		await admin("POST", `conversations/${conversation}/handback`, { force: true });
		await admin("DELETE", `sources/${source.id}`);
		await admin("PUT", `agents/${id}`, { name: "Assistant" });
	});

	for (const locale of ["en", "de", "fr", "es"])
		it(`keeps what can be done in a thread beside its name: ${locale}`, async () => {
			const { page } = await visit("/health/live", { locale });
			for (const width of [320, 390, 768, 1280, 1600]) {
				await page.setViewportSize({ width, height: 800 });
				await page.goto(`${banter.url}/conversations/${conversation}`);
				await page.locator(".thread-actions").waitFor();
				const name = await page.locator(".thread-who").boundingBox();
				const actions = await page.locator(".thread-actions").boundingBox();
				const state = await page.locator(".thread-state").boundingBox();
				const end = Math.max(name.x + name.width, state.x + state.width);
				assert.ok(end <= actions.x, `${end} is before ${actions.x} at ${width}`);
				assert.ok(name.width > 90, `the name has ${name.width} pixels at ${width}`);
			}
		});

	it("shows one picture of a visitor everywhere, before and after the visitor has a name", async () => {
		const [widget] = (await admin("GET", "widgets")).widgets;
		const visitor = await openVisitor(store, widget.widget_id);
		const own = `[data-id="${await storeTurn(visitor)}"]`;
		const { page } = await visit("/");
		await page.locator(own).click();
		const places = [own, ".thread-head", ".group[data-who=user]", ".contact"];
		const looks = async () => {
			const all = await Promise.all(
				places.map((place) =>
					page
						.locator(`${place} .avatar`)
						.first()
						.evaluate((one) => one.dataset.initials ?? one.innerHTML),
				),
			);
			return [...new Set(all)];
		};
		assert.equal((await looks()).length, 1);
		await submitContact(visitor, { name: "Jane Doe", email: "jane@example.com" });
		await page.locator(".contact .avatar[data-initials=JD]").waitFor();
		await until("all have the initials", async () => (await looks()).join() === "JD");
	});

	it("begins a new widget, and the first one, with a colour on which text is easy to read", async () => {
		const { page } = await visit("/widgets/create");
		await page.getByText("Easy to read.").waitFor();
		await page.getByRole("button", { name: "Create widget" }).click();
		await page.getByText("The widget is ready.").waitFor();
		const { widgets } = await admin("GET", "widgets");
		for (const { id } of widgets) {
			await page.goto(`${banter.url}/widgets/${id}`);
			await page.getByText("Easy to read.").waitFor();
		}
		assert.equal(widgets.length, 2);
	});
});
