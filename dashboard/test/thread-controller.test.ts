import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { Thread } from "../../workerd/api/openapi/openapi";
import type { Client } from "../src/api/client";
import { createController } from "../src/thread/controller";
import { settled, Tab } from "./tab";

class FakeStream {
	static newest: FakeStream;
	readonly readyState = 1;
	onmessage = (_: { data: string }) => {};
	onerror = () => {};
	constructor() {
		FakeStream.newest = this;
	}
	close() {}
	send(event: object) {
		this.onmessage({ data: JSON.stringify(event) });
	}
}

const before = globalThis.EventSource;
afterEach(() => {
	globalThis.EventSource = before;
});

function stage() {
	globalThis.EventSource = FakeStream as unknown as typeof EventSource;
	const waiting: Array<(page: Partial<Thread>) => void> = [];
	const api = {
		get: () => new Promise((resolve) => waiting.push(resolve as (page: Partial<Thread>) => void)),
	} as unknown as Client;
	const listener = { changed() {}, onArrival() {}, onEvent() {} };
	const controller = createController("c", api, new Tab(), listener);
	const end = controller.open(undefined);
	return {
		controller,
		end,
		requests: () => waiting.length,
		async answer(...ids: string[]) {
			const messages = ids.map((_id, i) => ({ _id, role: "user", content: _id, createdAt: i }));
			waiting.shift()?.({ messages, nextCursor: null, previousCursor: null } as Partial<Thread>);
			await settled();
		},
		ids: () => controller.get().span?.items.map(({ id }) => id),
	};
}

const message = { type: "message", id: "b", role: "user", content: "b", createdAt: 1 };

test("a message that comes before the first page has arrived is read again", async () => {
	const { answer, ids, requests, end } = stage();
	FakeStream.newest.send({ type: "state", state: "open", operator: null });
	FakeStream.newest.send(message);
	await answer("a");
	assert.equal(requests(), 1);
	await answer("a", "b");
	assert.deepEqual(ids(), ["a", "b"]);
	end();
});

test("a message that comes while the newest page is read again is not lost", async () => {
	const { controller, answer, ids, end } = stage();
	await answer("a");
	FakeStream.newest.send({ type: "state", state: "open", operator: null });
	await answer("a");
	controller.toNewest();
	FakeStream.newest.send(message);
	await answer("a");
	await answer("a", "b");
	assert.deepEqual(ids(), ["a", "b"]);
	end();
});
