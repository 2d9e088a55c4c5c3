// The connection to the store breaks after a request was executed and before its response: the worker repeats the
// request, and the client receives the original result.

import assert from "node:assert/strict";
import { once } from "node:events";
import { rename } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { takeFrame } from "../faults/wire.mjs";
import { logIn } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { PASSWORD, useBanter } from "./harness.mjs";
import {
	adminExpect,
	adminRequest,
	connectToStore,
	NOBODY,
	openVisitor,
	storeTurn,
	submitContact,
	WIDGET,
} from "./organizations.mjs";

/** Requests that change nothing, or only what storaged holds in memory. */
const READS =
	/^(ping|.*_(get|list|read|check|lease|next|follow|history|lookup|join|leave|queue|seen|used))$/;

/** A proxy between the workers and storaged that can drop a response, in place of storaged's socket. */
class LossyStoreProxy {
	#sockets = new Set();
	#loses = false;
	/** Types of the requests whose response was dropped. */
	lost = [];

	/** Replaces the socket of a banter's storaged. Workers use it when they connect again. */
	static async open(banter) {
		const proxy = new LossyStoreProxy();
		const path = join(banter.dir, "data", "store.sock");
		proxy.behind = `${path}.behind`;
		await rename(path, proxy.behind);
		proxy.server = createServer((worker) => proxy.#join(worker));
		proxy.server.listen(path);
		await once(proxy.server, "listening");
		return proxy;
	}

	/** Drops the response to the next request that changes something, and its connection. */
	loseNext() {
		this.#loses = true;
	}

	async close() {
		for (const socket of this.#sockets) socket.destroy();
		this.server.close();
		await once(this.server, "close");
	}

	#join(worker) {
		const store = connect(this.behind);
		const writes = new Map(); // request id: its type
		const end = () => {
			worker.destroy();
			store.destroy();
		};
		for (const socket of [worker, store]) {
			this.#sockets.add(socket);
			socket.on("error", end).on("close", end);
		}
		eachFrame(worker, ({ is, request }, bytes) => {
			if (!READS.test(is)) writes.set(request, is);
			store.write(bytes);
		});
		eachFrame(store, ({ request }, bytes) => {
			if (worker.destroyed) return;
			if (this.#loses && request !== 0 && writes.has(request)) {
				this.#loses = false;
				this.lost.push(writes.get(request));
				end();
			} else worker.write(bytes);
		});
	}
}

/** Calls take(frame, bytes) for each frame that a socket receives. */
function eachFrame(socket, take) {
	let rest = Buffer.alloc(0);
	socket.on("data", (bytes) => {
		rest = Buffer.concat([rest, bytes]);
		for (let frame = takeFrame(rest); frame; frame = takeFrame(rest)) {
			take(frame, rest.subarray(0, frame.size));
			rest = rest.subarray(frame.size);
		}
	});
}

describe("a response of the store is lost", () => {
	const banter = useBanter({ workers: 1 });
	let proxy, peer, visitor;

	before(async () => {
		proxy = await LossyStoreProxy.open(banter);
		await banter.killWorkers(banter.workerPids());
		await banter.ready();
		peer = await connectToStore(banter);
		const { widget_id } = await adminExpect(banter, 200, "GET", `widgets/${WIDGET}`);
		visitor = await openVisitor(peer, widget_id);
	});
	after(async () => {
		peer.close();
		await proxy.close();
	});

	const email = "lost@example.com";
	const made = async (path, body) =>
		`${path}/${(await adminExpect(banter, 201, "POST", path, body)).id}`;
	const DELETIONS = [
		["a widget", () => made("widgets", {})],
		["an agent", () => made("agents", { name: "Anna" })],
		["a key", () => made("keys", { kind: "widget" })],
		["a user", () => made("users", { email, password: "a long password" })],
		["a contact", async () => `contacts/${await submitContact(visitor, { email })}`],
		[
			"a login",
			async () => {
				await logIn(banter, { password: PASSWORD });
				const { logins } = await adminExpect(banter, 200, "GET", "logins");
				return `logins/${logins[0].id}`;
			},
		],
		["a conversation", async () => `conversations/${await storeTurn(visitor)}`],
		["a visitor", async () => (await storeTurn(visitor)) && `visitors/${visitor.session}`, 200],
		["an unknown object, which is then still not found", () => `widgets/${NOBODY}`],
	];

	for (const [i, [what, make, status = 204]] of DELETIONS.entries())
		it(`to the deletion of ${what}: it succeeds`, async () => {
			const path = await make();
			proxy.loseNext();
			await adminExpect(banter, status, "DELETE", path);
			assertError(await adminRequest(banter, "DELETE", path), 404);
			assert.equal(proxy.lost.length, i + 1);
		});

	it("to a change: it is applied once", async () => {
		proxy.loseNext();
		const changed = await adminExpect(banter, 200, "PUT", `widgets/${WIDGET}`, { name: "Shop" });
		assert.deepEqual(await adminExpect(banter, 200, "GET", `widgets/${WIDGET}`), changed);
		assert.equal(proxy.lost.at(-1), "record_put");
	});

	const count = async (path, list) => (await adminExpect(banter, 200, "GET", path))[list].length;
	for (const [what, type, path, list, body] of [
		["a widget", "record_put", "widgets", "widgets", { name: "Once" }],
		["a key", "key_create", "keys", "keys", { kind: "widget", name: "Once" }],
		[
			"a user",
			"record_put",
			"users",
			"users",
			{ email: "once@example.com", password: "a long password" },
		],
		[
			"an invitation",
			"record_put",
			"invitations",
			"invitations",
			{ email: "invited@example.com", role: "member" },
		],
	])
		it(`to the creation of ${what}: it is created once`, async () => {
			const before = await count(path, list);
			proxy.loseNext();
			await adminExpect(banter, 201, "POST", path, body);
			assert.equal(proxy.lost.at(-1), type);
			assert.equal(await count(path, list), before + 1);
		});

	it("to what people do in a conversation: each is stored once", async () => {
		const { conversationId } = (await banter.chat("people", "[[echo]] hi")).json;
		const path = `conversations/${conversationId}`;
		const change = async (type, status, method, leaf, body) => {
			proxy.loseNext();
			await adminExpect(banter, status, method, `${path}${leaf}`, body);
			assert.equal(proxy.lost.at(-1), type);
		};
		await change("takeover", 200, "POST", "/takeover", { name: "Jane" });
		await change("operator_message", 201, "POST", "/messages", { content: "here" });
		await change("handback", 200, "POST", "/handback");
		await change("note_add", 201, "POST", "/notes", { text: "a note" });
		await change("conversation_change", 200, "PUT", "", { state: "resolved" });
		assert.deepEqual(await banter.messages(conversationId), [
			["user", "[[echo]] hi", "complete"],
			["assistant", "hi", "complete"],
			["operator", "here", "complete"],
		]);
		assert.equal(await count(`${path}/notes`, "notes"), 1);
	});

	it("to a visitor's message, and to the end of its reply: both are stored once, and counted once", async () => {
		for (const type of ["turn_begin", "turn_finish"]) {
			const { calls } = await banter.model("stats");
			const before = (await banter.conversations()).conversations.length;
			if (type === "turn_begin") proxy.loseNext();
			const stream = await banter.stream(type, "[[tokens=3 hold-after=1]] once");
			await stream.next();
			await stream.tokens(1);
			if (type === "turn_finish") proxy.loseNext();
			await banter.release("once");
			const { messageId } = (await stream.rest()).at(-1);
			assert.ok(messageId);
			const { conversations } = await banter.conversations();
			assert.equal(conversations.length, before + 1);
			assert.deepEqual(await banter.messages(conversations[0]._id), [
				["user", "[[tokens=3 hold-after=1]] once", "complete"],
				["assistant", "t0 t1 t2", "complete"],
			]);
			assert.equal((await banter.model("stats")).calls, calls + 1);
			assert.match(proxy.lost.at(-1), /^turn_/);
		}
	});

	it("to a request that has no id: it is not repeated, and fails with 503", async () => {
		proxy.loseNext();
		assertError(
			await adminRequest(banter, "POST", "conversations/read"),
			503,
			undefined,
			"store_unavailable",
		);
		assert.equal(proxy.lost.at(-1), "read_all");
	});
});
