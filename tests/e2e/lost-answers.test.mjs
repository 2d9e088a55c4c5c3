// The connection to the store breaks after a request was executed and before its response: the worker repeats the
// request, and the client receives the original result.

import assert from "node:assert/strict";
import { once } from "node:events";
import { rename } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
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

/** A proxy between the workers and storaged that can drop a response, in place of storaged's socket. */
class LossyStoreProxy {
	#sockets = new Set();
	#left = Infinity; // responses that are forwarded before one is dropped
	lost = 0;

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

	/** Drops the next data from storaged, or the data after `later` more pieces, and its connection. */
	loseNext(later = 0) {
		this.#left = later;
	}

	async close() {
		for (const socket of this.#sockets) socket.destroy();
		this.server.close();
		await once(this.server, "close");
	}

	#join(worker) {
		const store = connect(this.behind);
		const end = () => {
			worker.destroy();
			store.destroy();
		};
		for (const socket of [worker, store]) {
			this.#sockets.add(socket);
			socket.on("error", end).on("close", end);
		}
		worker.on("data", (bytes) => store.write(bytes));
		store.on("data", (bytes) => {
			if (this.#left-- > 0) {
				worker.write(bytes);
				return;
			}
			this.#left = Infinity;
			this.lost++;
			end();
		});
	}
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
			assert.equal(proxy.lost, i + 1);
		});

	it("to a change: it is applied once", async () => {
		proxy.loseNext(1); // behind the widget as it was
		const changed = await adminExpect(banter, 200, "PUT", `widgets/${WIDGET}`, { name: "Shop" });
		assert.deepEqual(await adminExpect(banter, 200, "GET", `widgets/${WIDGET}`), changed);
		assert.equal(proxy.lost, DELETIONS.length + 1);
	});
});
