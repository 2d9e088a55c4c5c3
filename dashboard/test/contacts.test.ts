import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Contact } from "../../workerd/api/openapi/openapi";
import { mergedFields, nameOf } from "../src/contacts/names";

const contact = (fields: Partial<Contact>): Contact =>
	({ id: "", name: null, email: null, phone: null, user_id: null, ...fields }) as Contact;

describe("a contact", () => {
	it("is called by its name, or else by how it can be reached", () => {
		assert.equal(nameOf(contact({ name: "Jane", email: "j@x.example" })), "Jane");
		assert.equal(nameOf(contact({ email: "j@x.example", phone: "1" })), "j@x.example");
		assert.equal(nameOf(contact({ phone: "1" })), "1");
		assert.equal(nameOf(contact({})), null);
	});

	it("keeps its fields in a merge, takes what it lacks, and loses what differs", () => {
		const kept = contact({ name: "Jane", email: "jane@x.example" });
		const other = contact({ name: "Jane Doe", email: "jane@x.example", phone: "1" });
		assert.deepEqual(mergedFields(kept, other), [
			{ field: "name", value: "Jane", isTaken: false, lost: "Jane Doe" },
			{ field: "email", value: "jane@x.example", isTaken: false, lost: null },
			{ field: "phone", value: "1", isTaken: true, lost: null },
		]);
	});

	it("takes in the user id that a site has proved", () => {
		const last = (kept: Contact, other: Contact) => mergedFields(kept, other)[3];
		const verified = contact({ user_id: "7" });
		assert.deepEqual(last(contact({}), verified), {
			field: "user_id",
			value: "7",
			isTaken: true,
			lost: null,
		});
		assert.equal(last(verified, contact({ user_id: "8" }))?.lost, "8");
		assert.equal(last(contact({}), contact({})), undefined);
	});
});
