import assert from "node:assert/strict";
import { test } from "node:test";
import { createFormDrafts } from "../src/ui/form-drafts";

/** Whether the browser would ask before the page is closed. */
function asks(page: EventTarget): boolean {
	return !page.dispatchEvent(new Event("beforeunload", { cancelable: true }));
}

test("the browser asks as long as a form has unsaved changes", () => {
	const page = new EventTarget();
	const drafts = createFormDrafts(page);
	assert.equal(asks(page), false);
	drafts.set("one", { name: "A" });
	drafts.set("two", {});
	drafts.drop("two");
	assert.equal(asks(page), true);
	assert.deepEqual(drafts.get("one"), { name: "A" });
	drafts.drop("one");
	assert.equal(asks(page), false);
	assert.equal(drafts.has("one"), false);
});

test("the sign-out drops all of them", () => {
	const page = new EventTarget();
	const drafts = createFormDrafts(page);
	drafts.set("one", {});
	drafts.end();
	assert.equal(drafts.has("one"), false);
	assert.equal(asks(page), false);
});
