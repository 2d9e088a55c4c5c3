// What the tests of the dashboard's inbox share: visitors who write, operators who sign in, and the rows of a page.

import assert from "node:assert/strict";
import { ADMIN } from "../e2e/accounts.mjs";
import { request } from "../e2e/client.mjs";
import { KEY } from "../e2e/replies.mjs";
import { addSession } from "./session.mjs";

export function useInbox(banter, browser) {
	/** A request to the admin API. */
	async function admin(method, path, body) {
		const answer = await request(banter.url, method, `/v1/admin/${path}`, { headers: ADMIN, body });
		assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
		return answer.json;
	}

	return {
		admin,
		async say(sessionId, message = "[[tokens=1]]") {
			const body = { sessionId, message };
			const { status, text } = await request(banter.url, "POST", "/v1/chat", {
				headers: KEY,
				body,
			});
			assert.equal(status, 200, text);
		},
		change: (id, body, method = "PUT") => admin(method, `conversations/${id}`, body),
		async conversationOf(sessionId) {
			const pages = [await banter.conversations()];
			while (pages.at(-1).nextCursor) {
				const { nextCursor } = pages.at(-1);
				pages.push(await admin("GET", `conversations?limit=200&cursor=${nextCursor}`));
			}
			const all = pages.flatMap(({ conversations }) => conversations);
			const found = all.find((one) => one.sessionId === sessionId);
			assert.ok(found, `a conversation of ${sessionId}`);
			return found._id;
		},
		/** An empty page in a browser profile of its own, signed in. who: { password }, or also { email }. */
		signIn: (who, { prepare, ...options } = {}) =>
			browser.open("about:blank", {
				...options,
				async prepare(context) {
					await addSession(context, banter, who);
					await prepare?.(context);
				},
			}),
		/** Shows an address; settles when the page has its list and hears of changes. */
		async show(page, path) {
			const stream = page.waitForResponse((response) => response.url().includes("/admin/events"));
			await page.goto(banter.url + path);
			await stream;
			await page.locator(".inbox-list :is(.row, .blank)").first().waitFor();
		},
		view: (page) => page.locator(".list-window"),
		/** Who the rows in the document are of. */
		names: (page) => page.locator(".row-name").allTextContents(),
		/** The positions of the rows in the document, from 1. */
		positions: (page) =>
			page
				.locator(".row-place")
				.evaluateAll((rows) => rows.map((row) => Number(row.getAttribute("aria-posinset")))),
	};
}
