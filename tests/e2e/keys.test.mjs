// Key rotation without interruption: the old and the new key are valid, each for its own purpose.

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

describe("during key rotation", () => {
	const banter = useBanter({ env: OLD, workers: 1 });

	it("the old and the new key are both valid", async () => {
		for (const key of [WIDGET_KEY, OLD.WIDGET_API_KEY_OLD])
			assert.equal((await chat(banter, key)).status, 200, key);
		for (const key of [ADMIN_KEY, OLD.ADMIN_API_KEY_OLD])
			assert.equal((await list(banter, key)).status, 200, key);
	});

	it("other keys are not, nor a key of another kind", async () => {
		for (const key of ["", "wrong", ADMIN_KEY, OLD.ADMIN_API_KEY_OLD])
			assertError(await chat(banter, key), 401, "Unauthorized");
		for (const key of ["", "wrong", WIDGET_KEY, OLD.WIDGET_API_KEY_OLD])
			assertError(await list(banter, key), 401, "Unauthorized");
	});
});

describe("an old key alone", () => {
	it("does not enable an admin API that is not configured", async () => {
		const env = { ...OLD, ADMIN_API_KEY: undefined };
		await withBanter({ env, workers: 1 }, async (banter) => {
			assertError(await list(banter, OLD.ADMIN_API_KEY_OLD), 503);
		});
	});
});
