import assert from "node:assert/strict";
import { test } from "node:test";
import { friendlyName, visitorName } from "../src/ui/visitor-name";

test("a visitor is called by the contact's name, e-mail or phone, else by a name made from the session", () => {
	const contact = { name: null, email: null, phone: null };
	const called = (details: object) =>
		visitorName({ sessionId: "s", contact: { ...contact, ...details } });
	assert.equal(called({ name: "Jane", email: "jane@example.com" }), "Jane");
	assert.equal(called({ email: "jane@example.com", phone: "+1" }), "jane@example.com");
	assert.equal(called({ phone: "+1" }), "+1");
	assert.equal(called({}), friendlyName("s"));
	assert.equal(visitorName({ sessionId: "s", contact: null }), friendlyName("s"));
});

test("a made name is two words, always the same, and rarely another visitor's", () => {
	assert.match(friendlyName("s"), /^[A-Z][a-z]+ [A-Z][a-z]+$/);
	assert.equal(friendlyName("s"), friendlyName("s"));
	const names = new Set(Array.from({ length: 200 }, (_, i) => friendlyName(`session-${i}`)));
	assert.ok(names.size >= 190, `${names.size} names for 200 visitors`);
});
