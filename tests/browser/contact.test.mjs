// The contact form of a widget, in each mode and with all errors.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { exchange, HELLO, isFocused, useSite } from "./site.mjs";

const ALL = { collect_name: true, collect_email: true, collect_phone: true };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
/** A phone in landscape mode. */
const LOW = { viewport: { width: 844, height: 320 }, hasTouch: true, isMobile: true };

describe("a widget with a contact form", { skip: missing }, () => {
	const site = useSite();
	let required;
	before(async () => {
		required = await site.createWidget({ contact_info_mode: "required", ...ALL });
	});

	async function visit(widget, context) {
		const visitor = await site.visitWidget(widget.widget_id, context);
		await visitor.open();
		const { chat } = visitor;
		return Object.assign(visitor, {
			field: (label) => chat.getByLabel(`${label} (required)`),
			save: chat.getByRole("button", { name: "Save" }),
			skip: chat.getByRole("button", { name: "Not now" }),
			problem: chat.locator(".contact"),
			writing: chat.locator("textarea"),
		});
	}

	it("asks once: says what is wrong with each field, focuses the first, and saves valid details", async () => {
		const visitor = await visit(required);
		await visitor.chat.getByText("how can we reach you").waitFor();
		await until("the form has the focus", () => isFocused(visitor.field("Name")));
		assert.equal(await visitor.writing.isVisible(), false);
		await visitor.field("Name").fill("Jane");
		await visitor.field("E-mail").fill("jane at example");
		await visitor.save.click();
		await visitor.problem.getByText("An e-mail looks like name@example.com.").waitFor();
		assert.equal(await visitor.field("Phone").getAttribute("aria-invalid"), "true");
		await visitor.field("Phone").fill("home");
		await visitor.field("Phone").press("Enter");
		await visitor.problem.getByText("A phone number has 3 to 20 digits.").waitFor();
		assert.match(await visitor.problem.textContent(), /An e-mail looks like name@example\.com\./);
		const invalid = ["Name", "E-mail", "Phone"].map((label) =>
			visitor.field(label).getAttribute("aria-invalid"),
		);
		assert.deepEqual(await Promise.all(invalid), ["false", "true", "true"]);
		await until("the first wrong one has the focus", () => isFocused(visitor.field("E-mail")));
		await visitor.field("E-mail").fill("Jane@Example.com");
		await visitor.field("Phone").fill("+44 20 7946 0000");
		await visitor.save.click();
		await until("the writing line has the focus", () => isFocused(visitor.writing));
		await visitor.ask(...HELLO);
		const { contacts } = await site.admin("GET", "contacts?email=jane@example.com");
		assert.deepEqual([contacts[0].name, contacts[0].email], ["Jane", "Jane@Example.com"]);
		await visitor.page.reload();
		await visitor.saidUntil(exchange(...HELLO));
		await visitor.writing.waitFor();
		assert.deepEqual(visitor.complaints, []);
	});

	it("names each missing field and focuses the first, without a request", async () => {
		const visitor = await visit(required);
		await visitor.save.click();
		await until("the first field has the focus", () => isFocused(visitor.field("Name")));
		assert.equal(await visitor.chat.getByText("Please fill in this field.").count(), 3);
		assert.equal(await visitor.save.getAttribute("aria-disabled"), "false");
		const colors = (label) =>
			visitor.field(label).evaluate((field) => {
				const { borderTopColor, outlineColor } = getComputedStyle(field);
				return { border: borderTopColor, outline: outlineColor };
			});
		const text = await visitor.problem
			.getByText("Please fill in this field.")
			.first()
			.evaluate((node) => getComputedStyle(node).color);
		// The first one has the focus.
		assert.deepEqual(await colors("Name"), { border: text, outline: text });
		assert.equal((await colors("E-mail")).border, text);
	});

	it("keeps Tab inside the chat on a phone, in both directions", async () => {
		const visitor = await visit(required, await site.newContext(PHONE));
		const { keyboard } = visitor.page;
		await visitor.save.focus();
		await keyboard.press("Tab");
		const close = visitor.chat.getByRole("button", { name: "Close chat" });
		assert.equal(await isFocused(close), true);
		await keyboard.press("Shift+Tab");
		assert.equal(await isFocused(visitor.save), true);
	});

	it("is scrollable on a low screen", async () => {
		const visitor = await visit(required, await site.newContext(LOW));
		await visitor.field("E-mail").fill("jane at example");
		await visitor.save.tap();
		await visitor.problem.getByText("Please fill in this field.").first().waitFor();
		for (const one of [visitor.field("Name"), visitor.save]) {
			await one.scrollIntoViewIfNeeded();
			const { y, height } = await one.boundingBox();
			assert.ok(y >= 0 && y + height <= 320, `${y} and ${height} pixels more`);
		}
	});
});
