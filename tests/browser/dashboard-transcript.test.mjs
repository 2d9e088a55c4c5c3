// The menu of a conversation sends it to its visitor by mail.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { parseMail } from "../e2e/smtp.mjs";
import { conversationsOf, makeWidget, Visitor } from "../e2e/visitors.mjs";
import { missing } from "./browser.mjs";
import { assertAccessible, useDashboard } from "./dashboard.mjs";

describe("a conversation by mail", { skip: missing }, () => {
	const { banter, visit } = useDashboard({ mail: true, env: { MAIL_UNSEEN_MS: "0" } });

	/** A conversation of a visitor with this address; null: with none. */
	async function talk(email) {
		const widget = await makeWidget(banter, { contact_info_mode: "optional", collect_email: true });
		const visitor = await Visitor.open(banter, widget, { operators: true });
		await visitor.ask("[[echo]] Is the teapot in stock?", "m-1");
		if (email) await visitor.introduce({ email });
		await visitor.close();
		const [{ _id: id }] = await conversationsOf(banter, widget);
		return id;
	}

	async function send(id) {
		const { page, complaints } = await visit(`/conversations/${id}`);
		await page.getByRole("button", { name: "More actions for this conversation" }).click();
		await page.getByRole("menuitem", { name: "Send by e-mail to the visitor" }).click();
		return { page, complaints };
	}

	it("is sent from the menu, which says so", async () => {
		const { page, complaints } = await send(await talk("ann@example.com"));
		await page.getByText("The conversation is on its way by e-mail.").waitFor();
		await assertAccessible(page);
		const [name] = await until("the mail", () => {
			const names = readdirSync(join(banter.dir, "data/mail"));
			return names.length > 0 && names;
		});
		const lines = readFileSync(join(banter.dir, "data/mail", name), "latin1").split("\r\n");
		assert.match(parseMail({ lines }).text, /Is the teapot in stock\?/);
		assert.deepEqual(complaints, []);
	});

	it("says why it cannot be sent", async () => {
		const { page } = await send(await talk(null));
		await page.getByText("The visitor has given no e-mail address.").waitFor();
	});
});
