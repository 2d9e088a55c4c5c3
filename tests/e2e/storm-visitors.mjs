// Actors of the storm: visitors of streams, who resume replies that break off, send their messages again, and reload
// their pages. Finally each has received what the store has, once, and an owner's open page one event for each change.

import assert from "node:assert/strict";
import { Random } from "../faults/random.mjs";
import { PersistentVisitor } from "./persistent-visitor.mjs";
import { history, wholeHistory } from "./replies.mjs";
import { choicesOf } from "./storm.mjs";

const WORDS = 'Zwölf €uro e\u0301 👩‍👧 שלום 🌱🌱 한국 plain words and. "so"'.split(" ");

/** A unique message whose reply takes up to some seconds, and may be different at each call of the model. */
function someMessage({ below, chance, pick }) {
	if (chance(0.5))
		return `[[stamp tokens=${5 + below(100)} delay=${2 + below(30)}]] ${below(2 ** 32)}`;
	const words = Array.from({ length: 3 + below(60) }, () => pick(WORDS)).join(" ");
	return `[[echo delay=${2 + below(30)}]] ${below(2 ** 32).toString(36)} ${words}`;
}

/** Asserts that the store has what the visitor received, and nothing else, and the page its events. */
async function assertSame(banter, page, { session, heard }) {
	assert.equal((await history(banter, session)).json.active, null, session);
	const rows = await wholeHistory(banter, session, { limit: 200 });
	assert.deepEqual(
		rows.map(({ id, role, content, status }) => [role, content, status, role === "user" || id]),
		heard.flatMap(([id, message, reply]) => [
			["user", message, "complete", true],
			["assistant", reply, "complete", id],
		]),
		session,
	);
	await page.assertSaw((await history(banter, session)).json.conversationId, rows);
}

export class Streamed {
	constructor(banter, session, page) {
		this.visitor = new PersistentVisitor(banter, session);
		Object.assign(this, { banter, page, choices: choicesOf(new Random(session)) });
	}

	async run(isOver) {
		const { below, chance } = this.choices;
		for (let i = 0; !isOver(); i++) {
			const reloadAfter = chance(0.2) ? 1 + below(20) : undefined;
			await this.visitor.say(`id-${i}`, someMessage(this.choices), i === 0 ? 1 : reloadAfter);
		}
	}

	check() {
		return assertSame(this.banter, this.page, this.visitor);
	}
}
