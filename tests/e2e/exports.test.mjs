// Exports of conversations and contacts: complete files, also of much data, with every documented status.

import assert from "node:assert/strict";
import { once } from "node:events";
import { get as openGet } from "node:http";
import { text as readAll } from "node:stream/consumers";
import { before, describe, it } from "node:test";
import { dashed, newId } from "../faults/ids.mjs";
import { Contract } from "./contract.mjs";
import { useBanter } from "./harness.mjs";
import {
	ADMIN,
	adminExpect,
	bare,
	NOBODY,
	ORG,
	openVisitor,
	storeTurn,
	submitContact,
	usePeer,
	WIDGET,
} from "./organizations.mjs";

const contract = new Contract();

/** Replies of this length in a long conversation: more than what a slow connection buffers. */
const LONG = { turns: 30, bytes: 500_000 };

describe("an export", () => {
	const banter = useBanter({ workers: 1 });
	const store = usePeer(banter);
	let publicId;
	const send = (status, path, method = "GET") =>
		contract.drive(banter, status, method, `/v1/admin/${path}`, { headers: ADMIN });
	const read = async (path) => (await send(200, path)).json;

	before(async () => {
		publicId = (await adminExpect(banter, 200, "GET", `widgets/${WIDGET}`)).widget_id;
	});

	/** Stores a conversation that is too long for one answer of the store; resolves to its id. */
	async function storeLong(session) {
		let id;
		for (let i = 0; i < LONG.turns; i++) {
			const turn = newId();
			const ids = { conversation: newId(), message: newId(), turn };
			const { conversation } = await store.peer.ask(
				"turn_begin",
				{ org: bare(ORG), widget: bare(WIDGET), session, ...ids, text: `q${i}`, history: 1 },
				"turn_begun",
			);
			const text = `${i}"`.padEnd(LONG.bytes, "x");
			await store.peer.ask("turn_finish", { turn, run: turn, status: 0, text }, "ok");
			id = dashed(conversation);
		}
		return id;
	}

	/** Opens a response, of which nothing is read yet. */
	async function open(path) {
		const request = openGet(`${banter.url}/v1/admin/${path}`, { headers: ADMIN });
		const [response] = await once(request, "response");
		return response;
	}

	it("of a conversation has what the API shows of it", async () => {
		const { conversationId: id } = (await banter.chat("json", '[[text="a \\"b\\" é"]]')).json;
		await adminExpect(banter, 201, "POST", `conversations/${id}/notes`, { text: "private" });
		const answer = await send(200, `conversations/${id}/export`);
		assert.equal(
			answer.headers["content-disposition"],
			`attachment; filename="conversation-${id}.json"`,
		);
		assert.deepEqual(answer.json, await banter.thread(id));
		assert.deepEqual((await send(200, `conversations/${id}/export?format=json`)).json, answer.json);
		const { headers, bytes } = await send(200, `conversations/${id}/export`, "HEAD");
		assert.equal(headers["content-disposition"], answer.headers["content-disposition"]);
		assert.equal(bytes.length, 0);
	});

	it("as text shows who wrote what and when", async () => {
		const visitor = await openVisitor(store.peer, publicId);
		const id = await storeTurn(visitor);
		await submitContact(visitor, { name: "Ann", email: "ann@text.example", phone: "+44 1" });
		await adminExpect(banter, 200, "POST", `conversations/${id}/takeover`, { name: "Jane" });
		await adminExpect(banter, 201, "POST", `conversations/${id}/messages`, {
			content: "Hello.\nJane",
		});
		const { headers, text } = await send(200, `conversations/${id}/export?format=text`);
		assert.match(headers["content-type"], /^text\/plain; charset=utf-8$/);
		assert.match(headers["content-disposition"], /^attachment; filename="conversation-.*\.txt"$/);
		const time = "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC";
		const lines = [
			`Conversation: ${id}`,
			`Started: ${time}`,
			"Name: Ann",
			"E-mail: ann@text\\.example",
			"Phone: \\+44 1",
			...["", `\\[${time}\\] Visitor:`, "a question"],
			...["", `\\[${time}\\] Assistant:`, "an answer"],
			...["", `\\[${time}\\] Jane:`, "Hello\\.", "Jane", ""],
		];
		assert.match(text, new RegExp(`^${lines.join("\n")}$`));
	});

	it("of a contact has all conversations with all messages", async () => {
		const email = "all@export.example";
		const ids = [];
		let contact;
		for (let i = 0; i < 3; i++) {
			const visitor = await openVisitor(store.peer, publicId);
			ids.unshift(await storeTurn(visitor));
			contact = await submitContact(visitor, { email });
		}
		await storeTurn(await openVisitor(store.peer, publicId));
		const { headers, json } = await send(200, `contacts/${contact}/export`);
		assert.equal(headers["content-disposition"], `attachment; filename="contact-${contact}.json"`);
		assert.deepEqual(json.contact, await read(`contacts/${contact}`));
		assert.deepEqual(json.conversations, await Promise.all(ids.map((id) => banter.thread(id))));
		assert.equal((await send(200, `contacts/${contact}/export`, "HEAD")).bytes.length, 0);
	});

	it("of a contact without conversations has none", async () => {
		const visitor = await openVisitor(store.peer, publicId);
		const contact = await submitContact(visitor, { email: "none@export.example" });
		assert.deepEqual((await read(`contacts/${contact}/export`)).conversations, []);
	});

	it("of much data is complete, and breaks off when the store is gone", async () => {
		const id = await storeLong("long");
		const { messages } = JSON.parse(await readAll(await open(`conversations/${id}/export`)));
		assert.deepEqual(
			messages.map(({ content }) => content.slice(0, 4)),
			Array.from({ length: LONG.turns }, (_, i) => [`q${i}`, `${i}"xxx`.slice(0, 4)]).flat(),
		);
		assert.ok(
			messages.every(({ content }, i) => content.length === (i % 2 ? LONG.bytes : content.length)),
		);

		const response = await open(`conversations/${id}/export`);
		assert.equal(response.statusCode, 200);
		await banter.stopStore();
		await assert.rejects(readAll(response), /aborted/);
		banter.startStore();
		await banter.ready();
	});

	it("is refused with each documented status", async () => {
		await send(404, `conversations/${NOBODY}/export`);
		await send(404, `contacts/${NOBODY}/export`);
		await send(400, "contacts/x/export");
		for (const format of ["", "xml"])
			await send(400, `conversations/${NOBODY}/export?format=${format}`);
	});
});

it("shows every documented status", () => contract.assertComplete("exports"));
