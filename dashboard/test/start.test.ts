import assert from "node:assert/strict";
import { test } from "node:test";
import type { Widget } from "../../workerd/api/openapi/openapi";
import { ApiError } from "../src/api/errors";
import { type Event, readReply } from "../src/start/model-check";
import { type Facts, stepStates } from "../src/start/progress";

async function* stream(...events: Event[]) {
	yield* events;
}

const WIDGET = { created_at: 1, updated_at: 1 } as Widget;
const ASKING: Facts = {
	model: { is: "asking" },
	widget: WIDGET,
	isSeen: false,
	isUsed: false,
	conversations: 0,
};

test("a reply is read to its end", async () => {
	const start = { type: "start" };
	const token = { type: "token", token: "Hi" };
	const done = { type: "done", message: "Hi." };
	assert.equal(await readReply(stream(start, token, done)), "Hi.");
});

test("a reply that fails or breaks off is an error", async () => {
	const failed = stream({ type: "error", error: "Too slow", code: "model_timeout" });
	await assert.rejects(readReply(failed), { code: "model_timeout" });
	await assert.rejects(readReply(stream({ type: "start" })), { failure: "network" });
});

test("each step is done by what happened, and the next one is to do; the chat works without content", () => {
	assert.deepEqual(stepStates(ASKING), {
		model: "now",
		looks: "now",
		knowledge: "later",
		tag: "later",
		hello: "later",
	});
	const works = { ...ASKING, model: { is: "works", isDemo: false } } as const;
	const changed = { ...WIDGET, updated_at: 2 } as Widget;
	assert.deepEqual(stepStates({ ...works, widget: changed }), {
		model: "done",
		looks: "done",
		knowledge: "now",
		tag: "now",
		hello: "later",
	});
	assert.equal(stepStates({ ...works, isSeen: true }).tag, "done");
	const all = stepStates({ ...works, widget: changed, isUsed: true, conversations: 1 });
	assert.deepEqual([...new Set(Object.values(all))], ["done"]);
});

test("the demo model is not the owner's, and a broken one needs attention", () => {
	const demo = { ...ASKING, model: { is: "works", isDemo: true } } as const;
	assert.equal(stepStates(demo).model, "now");
	const error = new ApiError("refused", 502, "No");
	const broken = { ...ASKING, model: { is: "broken", code: "model_failed", error } } as const;
	assert.equal(stepStates(broken).model, "failed");
});
