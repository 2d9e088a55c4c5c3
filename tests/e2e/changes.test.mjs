// Concurrent changes of one object through different workers: each change persists unless another
// one sets the same member.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { useBanter } from "./harness.mjs";
import {
	AGENT,
	adminExpect,
	adminRequest,
	connectToStore,
	openVisitor,
	submitContact,
	WIDGET,
} from "./organizations.mjs";

const WORKERS = 3;
const CHANGES = 100;

/** The i-th value of each member. */
const MEMBERS = {
	widgets: {
		name: (i) => `name ${i}`,
		greeting: (i) => `greeting ${i}`,
		primary_color: (i) => `#${String(i).padStart(6, "0")}`,
		text_color: (i) => `#f${String(i).padStart(5, "0")}`,
		position: (i) => ["bottom_left", "bottom_right"][i % 2],
		collect_name: (i) => i % 2 === 0,
		collect_email: (i) => i % 2 === 0,
		collect_phone: (i) => i % 2 === 0,
		allowed_origins: (i) => [`https://${i}.example`],
		daily_message_cap: (i) => i + 1,
	},
	agents: {
		name: (i) => `name ${i}`,
		purpose: (i) => `purpose ${i}`,
		custom_instructions: (i) => `instructions ${i}`,
		escalation_instructions: (i) => `escalation ${i}`,
		restricted_topics: (i) => `topics ${i}`,
		model: (i) => `model-${i}`,
		temperature: (i) => i / 100,
		max_output_tokens: (i) => i + 1,
	},
	contacts: {
		name: (i) => `name ${i}`,
		email: (i) => `${i}@changes.example`,
		phone: (i) => `+49 ${i}`,
	},
};

describe(`concurrent changes with ${WORKERS} workers`, () => {
	const banter = useBanter({ workers: WORKERS });
	const ids = { widgets: WIDGET, agents: AGENT };

	before(async () => {
		const peer = await connectToStore(banter);
		const { widget_id } = await adminExpect(banter, 200, "GET", `widgets/${WIDGET}`);
		ids.contacts = await submitContact(await openVisitor(peer, widget_id), { name: "Ann" });
		peer.close();
	});

	/** Changes one member and checks the response. */
	async function change(path, name, value) {
		const answer = await adminRequest(banter, "PUT", path, { [name]: value });
		assert.equal(answer.status, 200, answer.text);
		assert.deepEqual(answer.json[name], value);
		return answer.json.updated_at;
	}

	/** Asserts that the object has these members. */
	async function assertHas(path, expected) {
		const thing = await adminExpect(banter, 200, "GET", path);
		for (const [name, value] of Object.entries(expected))
			assert.deepEqual(thing[name], value, name);
	}

	for (const [kind, members] of Object.entries(MEMBERS)) {
		const names = Object.keys(members);

		it(`${kind}: changes of different members all persist`, async () => {
			const path = `${kind}/${ids[kind]}`;
			for (let round = 0; round * names.length < CHANGES; round++) {
				const wanted = Object.fromEntries(names.map((name) => [name, members[name](round)]));
				const times = await Promise.all(names.map((name) => change(path, name, wanted[name])));
				await assertHas(path, wanted);
				assert.equal(new Set(times).size, names.length, "each has a time of its own");
			}
		});
	}

	it(`${CHANGES} at once: each succeeds, and each member has a value that one of them set`, async () => {
		const { widgets } = MEMBERS;
		const names = Object.keys(widgets);
		const path = `widgets/${WIDGET}`;
		const said = Array.from({ length: CHANGES }, (_, i) => {
			const name = names[i % names.length];
			return [name, widgets[name](1000 + i)];
		});
		await Promise.all(said.map(([name, value]) => change(path, name, value)));
		const thing = await adminExpect(banter, 200, "GET", path);
		for (const name of names) {
			const values = said.filter(([of]) => of === name).map(([, value]) => JSON.stringify(value));
			assert.ok(values.includes(JSON.stringify(thing[name])), name);
		}
	});
});
