import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import type { Source, SourcePage } from "../../workerd/api/openapi/openapi";
import { t } from "../src/knowledge/texts";
import {
	batchesOf,
	hostOf,
	pageState,
	reasonOf,
	shortAddress,
	stateOf,
	typeOfFile,
	withScheme,
} from "../src/knowledge/words";

const source = (state: Partial<Source["state"]>, enabled = true): Source =>
	({ enabled, state: { state: "idle", asked: false, ...state } }) as Source;
const page = (fields: Partial<SourcePage>): SourcePage =>
	({ state: "read", reason: null, detail: null, ...fields }) as SourcePage;

describe("what the knowledge says", () => {
	before(() => t.load());

	it("an address is shown without what says nothing, and typed without a scheme", () => {
		assert.equal(shortAddress("https://shop.example/help/"), "shop.example/help");
		assert.equal(shortAddress("prices.pdf"), "prices.pdf");
		assert.equal(withScheme(" shop.example/help "), "https://shop.example/help");
		assert.equal(withScheme("http://shop.example"), "http://shop.example");
		assert.equal(withScheme("ftp://shop.example"), "ftp://shop.example");
		assert.equal(withScheme("  "), "");
		assert.equal(hostOf(withScheme("shop.example:81/x")), "shop.example:81");
		assert.equal(hostOf("https://"), "");
	});

	it("a source says what its owner should know, the most important first", () => {
		assert.equal(stateOf(source({})), null);
		assert.equal(stateOf(source({ state: "running" }))?.text, "Reading…");
		assert.equal(stateOf(source({ asked: true }))?.text, "Reading…");
		assert.equal(stateOf(source({ state: "waits" }))?.tone, "warn");
		assert.equal(stateOf(source({ state: "failed", asked: true }))?.tone, "bad");
		assert.equal(stateOf(source({ state: "failed" }, false))?.text, "Off");
	});

	it("a page says why it was not read, and each reason of the server has a text", () => {
		assert.equal(reasonOf(page({})), "");
		assert.equal(
			reasonOf(page({ reason: "status", detail: "503" })),
			"The server answered with status 503.",
		);
		assert.equal(
			reasonOf(page({ reason: "network", detail: null })),
			"The server could not be reached.",
		);
		assert.deepEqual(pageState(page({ reason: "status" })), {
			tone: "warn",
			text: "Outdated text",
		});
		assert.equal(pageState(page({ state: "unread", reason: "robots" })).text, "Not read");
		assert.equal(pageState(page({ state: "waiting" })).tone, "accent");
	});

	it("a file has the type of the end of its name", () => {
		assert.equal(typeOfFile("Prices.2026.PDF"), "application/pdf");
		assert.equal(typeOfFile("notes.md"), "text/markdown");
		for (const name of ["photo.jpg", "README", "", "pdf.", "x.constructor"])
			assert.equal(typeOfFile(name), undefined, name);
	});
});

it("more questions than a request takes are sent in several", () => {
	assert.deepEqual(batchesOf([], 2), []);
	assert.deepEqual(batchesOf([1, 2], 2), [[1, 2]]);
	assert.deepEqual(batchesOf([1, 2, 3], 2), [[1, 2], [3]]);
});
