// Rules of the stub model that other tests rely on.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { request } from "./client.mjs";
import { useBanter } from "./harness.mjs";

describe("the stub model", () => {
	const banter = useBanter({ workers: 1 });
	const ask = (method, path) => request(banter.stubUrl, method, `/stub/${path}`);

	it("refuses to release an empty part of a message, which would match every message", async () => {
		for (const query of ["", "?contains", "?contains=", "?other=x"])
			assert.equal((await ask("POST", `release${query}`)).status, 400, query);
		assert.equal((await ask("POST", "release?contains=x")).status, 200);
	});

	it("refuses to count messages with an empty part", async () => {
		assert.equal((await ask("GET", "calls?contains=")).status, 400);
		assert.deepEqual((await ask("GET", "calls?contains=x")).json, { count: 0 });
	});
});
