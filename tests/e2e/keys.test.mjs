// Exchanging a key without a break: the old one and the new one are taken, each only for what it is.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertError } from "./client.mjs";
import { ADMIN_KEY, useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";

const OLD = {
	WIDGET_API_KEY_OLD: "the-widget-key-that-was-before",
	ADMIN_API_KEY_OLD: "the-admin-key-that-was-before",
};

const chat = async (banter, key) =>
	banter.request("POST", "/v1/chat", {
		headers: { "x-api-key": key },
		body: { sessionId: "keys", message: "[[tokens=1]]" },
	});
const list = (banter, key) => banter.get("/v1/admin/conversations", { "x-admin-api-key": key });

describe("while keys are exchanged", () => {
	const banter = useBanter({ env: OLD, workers: 1 });

	it("the old key and the new one both open the door", async () => {
		for (const key of [WIDGET_KEY, OLD.WIDGET_API_KEY_OLD])
			assert.equal((await chat(banter, key)).status, 200, key);
		for (const key of [ADMIN_KEY, OLD.ADMIN_API_KEY_OLD])
			assert.equal((await list(banter, key)).status, 200, key);
	});

	it("no other key does, nor one in the other's place", async () => {
		for (const key of ["", "wrong", ADMIN_KEY, OLD.ADMIN_API_KEY_OLD])
			assertError(await chat(banter, key), 401, "Unauthorized");
		for (const key of ["", "wrong", WIDGET_KEY, OLD.WIDGET_API_KEY_OLD])
			assertError(await list(banter, key), 401, "Unauthorized");
	});
});

describe("an old key alone", () => {
	it("opens no admin API that is not configured", async () => {
		const env = { ...OLD, ADMIN_API_KEY: undefined };
		await withBanter({ env, workers: 1 }, async (banter) => {
			assertError(await list(banter, OLD.ADMIN_API_KEY_OLD), 503);
		});
	});
});
