// Visitors whose site proves who they are.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { useBanter } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { makeWidget, Visitor } from "./visitors.mjs";

const banter = useBanter();

const secretOf = async ({ id }) =>
	(await adminExpect(banter, 200, "POST", `widgets/${id}/identity-secret`)).secret;
const proofOf = (secret, userId) => createHmac("sha256", secret).update(userId).digest("hex");

/** Sends identify; returns the answer. */
async function identify(widget, members) {
	const visitor = await Visitor.open(banter, widget);
	visitor.send({ type: "identify", ...members });
	const { type, code } = await visitor.next();
	return [visitor, code ?? type];
}

async function contactOf(visitor) {
	await visitor.ask("[[tokens=1]]");
	const { conversations } = await adminExpect(banter, 200, "GET", "conversations");
	return conversations[0].contactId;
}

describe("a visitor", () => {
	it("with a valid hash is the contact with that user id, also in another browser", async () => {
		const widget = await makeWidget(banter);
		const hash = proofOf(await secretOf(widget), "42");
		const [one, saved] = await identify(widget, { userId: "42", hash, name: "Ann" });
		const [two] = await identify(widget, { userId: "42", hash });
		assert.equal(saved, "contact_info_saved");
		const contact = await contactOf(one);
		assert.equal(await contactOf(two), contact);
		assert.equal((await adminExpect(banter, 200, "GET", `contacts/${contact}`)).name, "Ann");
	});

	it("with a wrong hash, an old secret or none is refused", async () => {
		const widget = await makeWidget(banter);
		const refused = async (hash) =>
			assert.equal((await identify(widget, { userId: "42", hash }))[1], "invalid_identity");
		await refused(proofOf("0".repeat(64), "42"));
		const secret = await secretOf(widget);
		await refused("");
		await refused(proofOf(secret, "43"));
		await secretOf(widget);
		await refused(proofOf(secret, "42"));
		const last = await secretOf(widget);
		await adminExpect(banter, 204, "DELETE", `widgets/${widget.id}/identity-secret`);
		await refused(proofOf(last, "42"));
	});

	it("without a hash is never a verified contact, whatever it says", async () => {
		const collects = { contact_info_mode: "optional", collect_email: true };
		const widget = await makeWidget(banter, collects);
		const hash = proofOf(await secretOf(widget), "7");
		const [ann] = await identify(widget, { userId: "7", hash, email: "ann7@example.com" });
		const [eve] = await identify(widget, { userId: "7", email: "ann7@example.com" });
		assert.notEqual(await contactOf(eve), await contactOf(ann));
	});
});
