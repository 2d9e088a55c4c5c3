// The dashboard's thread in a browser of its own: what an operator sees and does.

import { until } from "../e2e/harness.mjs";
import { complaintsOf } from "./browser.mjs";
import { addSession } from "./session.mjs";

export class OperatorPage {
	/**
	 * Opens a conversation, signed in. login: { email, password }. options: of playwright's context,
	 * prepare(context), hash or query to append to the address, and server: a way to the server.
	 */
	static async open(
		site,
		conversationId,
		login,
		{ prepare, search = "", server = site.banter.url, ...options } = {},
	) {
		const context = await site.newContext(options);
		await prepare?.(context);
		await addSession(context, site.banter, login);
		const operator = new OperatorPage(site, await context.newPage());
		await operator.page.goto(`${server}/conversations/${conversationId}${search}`);
		await operator.log.waitFor();
		return operator;
	}

	constructor(site, page) {
		this.site = site;
		this.page = page;
		this.context = page.context();
		this.complaints = complaintsOf(page);
		this.log = page.getByRole("log", { name: "Messages" });
		this.box = page.getByRole("textbox", { name: "Your reply" });
		this.noteBox = page.getByRole("textbox", { name: "Your note" });
		this.side = page.getByRole("region", { name: "Details" });
		this.takeOverButton = page.getByRole("button", { name: /^Take over(?! and send)/ });
		this.handBack = page.getByRole("button", { name: "Hand back to the assistant" });
	}

	/** The messages on the page, as "role: text". */
	said() {
		return this.log
			.locator("[data-row]")
			.evaluateAll((rows) =>
				rows.map(
					(row) =>
						`${row.dataset.role}: ${row.querySelector(".bubble, .plain")?.textContent ?? ""}`,
				),
			);
	}

	async saidUntil(expected) {
		let said = [];
		await until(
			() => `the thread shows ${JSON.stringify(expected)}, not ${JSON.stringify(said)}`,
			async () => {
				said = await this.said();
				return JSON.stringify(said) === JSON.stringify(expected);
			},
		);
	}

	async takeOver(name) {
		if (name !== undefined) {
			await this.page.getByRole("button", { name: "Your name for the visitor" }).click();
			await this.page.getByRole("textbox", { name: "Your name for the visitor" }).fill(name);
		}
		await this.takeOverButton.click();
		await this.handBack.waitFor();
	}

	async send(text) {
		await this.box.fill(text);
		await this.box.press("Enter");
	}

	/** Records what screen readers hear from now on. */
	async listen() {
		await this.page.evaluate(() => {
			window.heard = [];
			new MutationObserver((records) => {
				for (const { addedNodes } of records)
					for (const node of addedNodes) window.heard.push(node.textContent);
			}).observe(document.querySelector("[data-announcer]"), { childList: true });
		});
	}

	heard() {
		return this.page.evaluate(() => window.heard);
	}
}
