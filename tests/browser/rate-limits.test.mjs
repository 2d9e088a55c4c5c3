// A visitor who writes faster than the rate limit of the address allows: nothing is lost, and nobody must click.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { missing } from "./browser.mjs";
import { exchange, useSite } from "./site.mjs";
import { Way } from "./way.mjs";

describe("a visitor who writes faster than the rate limit", { skip: missing }, () => {
	// Two at once, and then one each 1.5 seconds.
	const site = useSite({}, [], { RATE_LIMIT_MAX_REQUESTS: "2", RATE_LIMIT_WINDOW_MS: "3000" });
	let way;
	after(() => way?.close());

	const questionsOf = (key) => [1, 2, 3, 4, 5].map((n) => `[[text="Answer"]] ${key} ${n}`);

	/** Without waiting for any reply. */
	async function writeAll({ box, chat }, key) {
		for (const question of questionsOf(key)) {
			await box.fill(question);
			await box.press("Enter");
		}
		await chat.getByText("Yours goes out in a moment").waitFor();
	}

	/** Each message once and in order, with its reply. */
	async function isComplete(visitor, key) {
		const questions = questionsOf(key);
		const all = questions.flatMap((one) => exchange(one, "Answer"));
		await visitor.saidUntil(all);
		for (const one of questions) assert.equal(await site.banter.modelCalls(one), 1);
		assert.equal(await visitor.again.count(), 0);
		await visitor.page.reload();
		await visitor.saidUntil(all);
	}

	const open = async (page) => {
		const { widget_id } = await site.createWidget({});
		return (await site.visitWidget(widget_id, undefined, page)).open();
	};

	it("sees all messages go out by themselves, in order", async () => {
		const visitor = await open();
		await writeAll(visitor, "socket");
		await visitor.chat.getByText("Waiting to be sent").first().waitFor();
		await isComplete(visitor, "socket");
	});

	it("sees the same over requests", async () => {
		way = await Way.open(site.banter.port);
		way.mode = "refuse";
		const visitor = await open({ server: way.url });
		await writeAll(visitor, "requests");
		await isComplete(visitor, "requests");
	});

	it("sees the same after a reload while they wait", async () => {
		const visitor = await open();
		await writeAll(visitor, "reload");
		await visitor.page.reload();
		await isComplete(visitor, "reload");
	});
});
