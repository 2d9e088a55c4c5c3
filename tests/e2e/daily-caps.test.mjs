// A widget's messages of a day: counted exactly for every way in, refused beyond its cap, and shown.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, it } from "node:test";
import { Feed } from "./feeds.mjs";
import { until, useBanter } from "./harness.mjs";
import { adminExpect, WIDGET } from "./organizations.mjs";
import { SSE } from "./replies.mjs";
import {
	avoidMidnight,
	changeWidget,
	echo,
	makeSession,
	makeWidget,
	Visitor,
} from "./visitors.mjs";

/** The answer to one message: 200 or 202 if it was accepted, or the refusal. */
const overHttp = (path, headers) => async (banter, _widget, text) => {
	if (path !== "/v1/chat") {
		const stream = await banter.stream(randomUUID(), text, { path, headers });
		if (stream.status === 200) while ((await stream.next()) !== undefined);
		return stream;
	}
	return banter.chat(randomUUID(), text);
};

const overFeed = (session) => async (banter, widget, text) => {
	const feed = await Feed.open(banter, session ? makeSession() : widget, { carrier: "poll" });
	const answer = await feed.say(text, "m");
	if (answer.status === 202) await feed.upTo("typing_stop");
	await feed.close();
	return answer;
};

const overSocket = (session) => async (banter, widget, text) => {
	const visitor = await Visitor.open(banter, session ? makeSession() : widget);
	visitor.say(text, "m");
	const { type, code, message } = await visitor.next();
	if (type !== "error") await visitor.upTo("typing_stop");
	await visitor.close();
	return type === "error" ? { status: 429, json: { error: message, code } } : { status: 200 };
};

const WITH_KEY = {
	"POST /v1/chat": overHttp("/v1/chat"),
	"POST /v1/chat/stream as NDJSON": overHttp("/v1/chat/stream", {}),
	"POST /v1/chat/stream as server-sent events": overHttp("/v1/chat/stream", SSE),
	"POST /chat": overHttp("/chat", {}),
	"a WebSocket with a key": overSocket(true),
	"frames with a key": overFeed(true),
};
const OF_WIDGET = { "a WebSocket": overSocket(false), frames: overFeed(false) };

const isAccepted = ({ status }) => status === 200 || status === 202;

const REFUSED = { error: "This chat has reached its daily message limit", code: "daily_cap" };

const assertCapped = ({ status, json: { error, code } }) =>
	assert.deepEqual([status, { error, code }], [429, REFUSED]);

describe("the daily cap of a widget", () => {
	const banter = useBanter({ env: { RATE_LIMIT_MAX_REQUESTS: "10000" }, workers: 3 });
	const status = (id) => adminExpect(banter, 200, "GET", `widgets/${id}/status`);
	before(avoidMidnight);

	for (const [name, ways, widget] of [
		["the first widget", WITH_KEY, async () => ({ id: WIDGET })],
		["another widget", OF_WIDGET, () => makeWidget(banter)],
	])
		describe(`of ${name}`, () => {
			let of;
			before(async () => {
				of = await widget();
			});

			for (const [way, send] of Object.entries(ways))
				it(`holds for ${way}`, async () => {
					const { messagesToday } = await status(of.id);
					await changeWidget(banter, of, { daily_message_cap: messagesToday + 1 });
					const [first, second] = [randomUUID(), randomUUID()];
					assert.ok(isAccepted(await send(banter, of, echo(first))));
					assertCapped(await send(banter, of, echo(second)));
					assert.equal(await banter.modelCalls(first), 1);
					assert.equal(await banter.modelCalls(second), 0);
					assert.equal((await status(of.id)).messagesToday, messagesToday + 1);
				});

			it("is exact while all ways send at once", async () => {
				const { messagesToday } = await status(of.id);
				const accepted = 7;
				await changeWidget(banter, of, { daily_message_cap: messagesToday + accepted });
				const sends = Object.values(ways).flatMap((send) => [send, send, send, send]);
				const answers = await Promise.all(sends.map((send) => send(banter, of, echo("crowd"))));
				assert.equal(answers.filter(isAccepted).length, accepted);
				for (const answer of answers.filter((one) => !isAccepted(one))) assertCapped(answer);
				assert.equal((await status(of.id)).messagesToday, messagesToday + accepted);
			});
		});

	it("counts a repeated message once", async () => {
		const { messagesToday } = await status(WIDGET);
		await changeWidget(banter, { id: WIDGET }, { daily_message_cap: messagesToday + 1 });
		const again = () => banter.chat("repeats", "once", { headers: { "idempotency-key": "one" } });
		const [first, second] = [await again(), await again()];
		assert.deepEqual([first.status, second.status], [200, 200]);
		assert.equal(second.json.messageId, first.json.messageId);
		assertCapped(await banter.chat("repeats", "another"));
		assert.equal((await status(WIDGET)).messagesToday, messagesToday + 1);
	});

	it("counts without a cap, too", async () => {
		await changeWidget(banter, { id: WIDGET }, { daily_message_cap: null });
		const { messagesToday } = await status(WIDGET);
		assert.equal((await banter.chat("uncapped", "x")).status, 200);
		await until(
			"the count",
			async () => (await status(WIDGET)).messagesToday === messagesToday + 1,
		);
	});
});
