// The contact form of both tags, in each mode and with all errors.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { until, WIDGET_KEY } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { exchange, HELLO, isFocused, useSite, WELCOME } from "./site.mjs";

const ALL = { collect_name: true, collect_email: true, collect_phone: true };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
/** A phone in landscape mode. */
const LOW = { viewport: { width: 844, height: 320 }, hasTouch: true, isMobile: true };

/** The contact form of a tag, once each: with a widget's id, whose record says what is asked for, and with a key. */
const TAGS = {
	"data-widget": async (site, mode) => {
		const { widget_id } = await site.createWidget({ contact_info_mode: mode, ...ALL });
		return { "data-widget": widget_id };
	},
	"data-api-key": async ({ banter }, mode) => ({
		"data-api-key": WIDGET_KEY,
		"data-api-url": `${banter.url}/chat`,
		"data-welcome-message": WELCOME,
		"data-contact-info-mode": mode,
		"data-collect-name": "true",
		"data-collect-email": "true",
		"data-collect-phone": "true",
	}),
};

const site = useSite({ areKept: true });

async function visit(tag, screen, page, prepare) {
	const visitor = await site.visitTags([tag], prepare, page, screen);
	await visitor.open();
	const { chat } = visitor;
	return Object.assign(visitor, {
		field: (label) => chat.getByLabel(`${label} (`),
		save: chat.getByRole("button", { name: "Save" }),
		skip: chat.getByRole("button", { name: "Not now" }),
		problem: chat.locator(".contact"),
		writing: chat.locator("textarea"),
	});
}

const contactsOf = async (email) =>
	(await site.admin("GET", `contacts?email=${encodeURIComponent(email)}`)).contacts;

for (const [kind, tagOf] of Object.entries(TAGS))
	describe(`a tag ${kind} with a contact form`, { skip: missing }, () => {
		let required;
		let optional;
		before(async () => {
			required = await tagOf(site, "required");
			optional = await tagOf(site, "optional");
		});

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
			const email = `Jane@${kind}.example`;
			await visitor.field("E-mail").fill(email);
			await visitor.field("Phone").fill(`+44 20 7946 ${kind.length}`);
			await visitor.save.click();
			await until("the writing line has the focus", () => isFocused(visitor.writing));
			await visitor.ask(...HELLO);
			const [contact] = await contactsOf(email);
			assert.deepEqual([contact.name, contact.email], ["Jane", email]);
			const { conversations } = await site.admin("GET", `conversations?contactId=${contact.id}`);
			assert.equal(conversations.length, 1);
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
			const visitor = await visit(required, PHONE);
			const { keyboard } = visitor.page;
			await visitor.save.focus();
			await keyboard.press("Tab");
			const close = visitor.chat.getByRole("button", { name: "Close chat" });
			assert.equal(await isFocused(close), true);
			await keyboard.press("Shift+Tab");
			assert.equal(await isFocused(visitor.save), true);
		});

		it("is scrollable on a low screen", async () => {
			const visitor = await visit(required, LOW);
			await visitor.field("E-mail").fill("jane at example");
			await visitor.save.tap();
			await visitor.problem.getByText("Please fill in this field.").first().waitFor();
			for (const one of [visitor.field("Name"), visitor.save]) {
				await one.scrollIntoViewIfNeeded();
				const { y, height } = await one.boundingBox();
				assert.ok(y >= 0 && y + height <= 320, `${y} and ${height} pixels more`);
			}
		});

		it("asks for optional details above the text field, until they are given or declined", async () => {
			const visitor = await visit(optional);
			await visitor.chat.getByText("May we know how to reach you?").waitFor();
			assert.ok(await visitor.writing.isVisible());
			await visitor.skip.click();
			await visitor.problem.waitFor({ state: "hidden" });
			await visitor.ask(...HELLO);
			const other = await visit(optional);
			await other.ask(...HELLO);
			await other.field("E-mail").fill(`later@${kind}.example`);
			await other.save.click();
			await other.problem.waitFor({ state: "hidden" });
			const [{ id }] = await contactsOf(`later@${kind}.example`);
			const { conversations } = await site.admin("GET", `conversations?contactId=${id}`);
			assert.equal(conversations.length, 1);
			await other.page.reload();
			await other.saidUntil(exchange(...HELLO));
			assert.equal(await other.problem.isVisible(), false);
		});

		it("knows before the first message that the details were given", async () => {
			const visitor = await visit(required);
			await visitor.field("Name").fill("Ann");
			await visitor.field("E-mail").fill(`before@${kind}.example`);
			await visitor.field("Phone").fill(`123${kind.length}`);
			await visitor.save.click();
			await visitor.writing.waitFor();
			await visitor.page.reload();
			await visitor.writing.waitFor();
			await visitor.ask(...HELLO);
			const [{ id }] = await contactsOf(`before@${kind}.example`);
			const { conversations } = await site.admin("GET", `conversations?contactId=${id}`);
			assert.equal(conversations.length, 1);
		});

		it("sends a message of the page's script only with the required details", async () => {
			const visitor = await visit(required);
			await visitor.page.evaluate((text) => window.banter.send(text), HELLO[0]);
			await visitor.logUntil("it is refused", (text) => text.includes("how can we reach you"));
			assert.equal((await visitor.said()).at(-1), `assistant: `);
			await visitor.field("Name").fill("Bo");
			await visitor.field("E-mail").fill(`script@${kind}.example`);
			await visitor.field("Phone").fill(`4560${kind.length}`);
			await visitor.save.click();
			await visitor.saidUntil(exchange(...HELLO));
		});

		it("has fields of 16 px on a phone, so that iOS does not zoom", async () => {
			const visitor = await visit(required, PHONE);
			for (const label of ["Name", "E-mail", "Phone"]) {
				const size = await visitor.field(label).evaluate((node) => getComputedStyle(node).fontSize);
				assert.ok(Number.parseFloat(size) >= 16, size);
			}
		});

		it("works where WebSockets are refused", async () => {
			const visitor = await visit(required, {}, {}, (context) =>
				context.addInitScript(() => {
					window.WebSocket = class extends EventTarget {
						close() {}
						constructor() {
							super();
							setTimeout(() => this.dispatchEvent(new Event("close")));
						}
					};
				}),
			);
			await visitor.field("Name").fill("Cy");
			await visitor.field("E-mail").fill(`posted@${kind}.example`);
			await visitor.field("Phone").fill("home");
			await visitor.save.click();
			await visitor.problem.getByText("A phone number has 3 to 20 digits.").waitFor();
			await visitor.field("Phone").fill(`7890${kind.length}`);
			await visitor.save.click();
			await visitor.ask(...HELLO);
			const [{ id }] = await contactsOf(`posted@${kind}.example`);
			const { conversations } = await site.admin("GET", `conversations?contactId=${id}`);
			assert.equal(conversations.length, 1);
		});
	});
