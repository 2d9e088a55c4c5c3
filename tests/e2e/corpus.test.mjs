// The corpus of raw requests over real connections to real workers. tests/unit/workerd/http/test_corpus.c runs
// the parser with every case cut at every place.

import assert from "node:assert/strict";
import { it } from "node:test";
import { readCorpus, sendPieces } from "./corpus.mjs";
import { withBanter } from "./harness.mjs";

const AT_ONCE = 16; // cases under way

// Errors that the server itself sends, before any handler.
const REFUSALS = {
	400: "bad_request",
	413: "body_too_large",
	414: "uri_too_long",
	417: "expectation_failed",
	431: "headers_too_large",
	501: "not_implemented",
	505: "version_not_supported",
};

/** The outcome of a response in the corpus's notation. */
function outcomeOf(answer) {
	const code = REFUSALS[answer.status];
	return code !== undefined && answer.json?.code === code ? String(answer.status) : "ok";
}

/** The methods of the accepted requests: no body follows a HEAD. */
function methodsOf({ name }) {
	return name === "HEAD" ? ["HEAD"] : name === "three in a row" ? ["GET", "HEAD", "GET"] : [];
}

async function check(port, one) {
	const raw = await sendPieces(port, [one.bytes]);
	const answers = await raw.responses(methodsOf(one));
	raw.close();
	// An incomplete request gets no response after the client's EOF.
	const expected = one.outcomes.filter((outcome) => outcome !== "more");
	assert.deepEqual(answers.map(outcomeOf), expected, one.name);
	for (const { status, headers } of answers) {
		assert.ok(headers.date, `Date with ${status}: ${one.name}`);
		if (status !== 204) assert.match(headers["content-length"], /^\d+$/, one.name);
	}
	const last = answers.at(-1);
	if (last && outcomeOf(last) !== "ok")
		assert.equal(last.headers.connection, "close", `a refusal says so: ${one.name}`);
}

it("every request of the corpus has its outcome, and the service still works", () =>
	withBanter({}, async (banter) => {
		const cases = readCorpus();
		assert.ok(cases.length >= 150, `${cases.length} cases`);
		for (let i = 0; i < cases.length; i += AT_ONCE)
			await Promise.all(cases.slice(i, i + AT_ONCE).map((one) => check(banter.port, one)));
		assert.equal((await banter.get("/health/ready")).status, 200);
		assert.equal((await banter.conversations()).total, 0);
	}));
