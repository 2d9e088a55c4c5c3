// Webhooks: the admin API with every status, and deliveries to a receiver: signed, in order within a conversation,
// repeated with the same id, by another worker when the one that delivers dies.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { Contract } from "./contract.mjs";
import { times, until, useBanter } from "./harness.mjs";
import {
	ADMIN,
	addOrganization,
	adminExpect,
	assertFields,
	bare,
	NOBODY,
	ORG,
	usePeer,
} from "./organizations.mjs";
import { Receiver } from "./receiver.mjs";

const contract = new Contract();
const ALLOW = { WEBHOOK_ALLOW: "127.0.0.0/8" };

/** Sends a request to the admin API, and checks the response. */
const send = (banter, status, method, path, body, headers = ADMIN) =>
	contract.drive(banter, status, method, `/v1/admin/${path}`, { headers, body });

function useReceiver() {
	const receiver = new Receiver();
	before(() => receiver.start());
	after(() => receiver.stop());
	return receiver;
}

/** Checks a signature as a receiver does. */
function assertSigned({ headers, body }, secret) {
	const [, seconds, signature] = headers["x-banter-signature"].match(/^t=(\d+),v1=([0-9a-f]{64})$/);
	const expected = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
	assert.equal(signature, expected);
	assert.ok(Math.abs(Date.now() / 1000 - seconds) < 60);
}

/** Checks a delivery with the public verifier of Standard Webhooks. */
function assertStandard({ headers, body, json }, ...secrets) {
	assert.equal(headers["webhook-id"], headers["x-banter-delivery"]);
	assert.equal(headers["webhook-signature"].split(" ").length, secrets.length);
	for (const secret of secrets) assert.deepEqual(new Webhook(secret).verify(body, headers), json);
	const other = new Webhook(`whsec_${Buffer.alloc(32).toString("base64")}`);
	assert.throws(() => other.verify(body, headers), /No matching signature/);
	assert.throws(() => new Webhook(secrets[0]).verify(`${body} `, headers), /No matching/);
}

describe("the endpoints of an organization", () => {
	const banter = useBanter({ workers: 1, env: ALLOW });
	const receiver = useReceiver();

	it("show their secret once", async () => {
		const body = { url: "https://example.com/a?b=c", kinds: ["message", "contact"] };
		const { json } = await send(banter, 201, "POST", "webhooks", body);
		const { secret, ...shown } = json;
		assert.match(secret, /^whsec_/);
		assert.deepEqual(
			[shown.url, shown.kinds, shown.format, shown.enabled, shown.notice],
			[body.url, body.kinds, "json", true, null],
		);
		const path = `webhooks/${json.id}`;
		assert.deepEqual((await send(banter, 200, "GET", path)).json, shown);
		assert.deepEqual((await send(banter, 200, "GET", "webhooks")).json.webhooks, [shown]);
		const changed = await send(banter, 200, "PUT", path, { enabled: false, kinds: ["reply"] });
		assert.deepEqual([changed.json.enabled, changed.json.kinds], [false, ["reply"]]);
		const outdated = { ...ADMIN, "if-match": `"${shown.updated_at}"` };
		const { current } = (await send(banter, 412, "PUT", path, { enabled: true }, outdated)).json;
		assert.deepEqual(current, changed.json);
		await send(banter, 204, "DELETE", path);
	});

	it("are validated", async () => {
		const invalid = [
			[{}, ["kinds", "url"]],
			[{ url: "https://example.com" }, ["kinds"]],
			[{ url: "https://example.com", kinds: [] }, ["kinds"]],
			[{ url: "https://example.com", kinds: ["feed"] }, ["kinds"]],
			[{ url: "https://example.com", kinds: ["page"] }, ["kinds"]],
			[{ url: "https://example.com", kinds: "message" }, ["kinds"]],
			[{ url: "https://example.com", format: "xml", kinds: ["message"] }, ["format"]],
			...[
				"ftp://example.com/",
				"file:///etc/passwd",
				"https://user:secret@example.com/",
				"https://example.com/#a",
				"https://example.com/a b",
				"https://",
				"https://example.com:99999/",
				"https://exämple.com/",
				`https://example.com/${"a".repeat(2048)}`,
				7,
			].map((url) => [{ url, kinds: ["message"] }, ["url"]]),
		];
		for (const [body, names] of invalid)
			assertFields(await send(banter, 422, "POST", "webhooks", body), names);
		await send(banter, 400, "POST", "webhooks", "[]");
		await send(banter, 400, "GET", "webhooks?limit=0");
		await send(banter, 400, "GET", `webhooks/${NOBODY}/deliveries?limit=101`);
		await send(banter, 400, "POST", `webhooks/${NOBODY}/deliveries/x/retry`);
	});

	it("have ids, and requests have a limited size", async () => {
		const { url } = receiver;
		const { id } = (await send(banter, 201, "POST", "webhooks", { url, kinds: ["note"] })).json;
		for (const [method, path, limit] of [
			["POST", "webhooks", 16384],
			["GET", "webhooks/ID"],
			["PUT", "webhooks/ID", 16384],
			["DELETE", "webhooks/ID"],
			["POST", "webhooks/ID/test", 4096],
			["POST", "webhooks/ID/secret", 4096],
			["DELETE", "webhooks/ID/old-secret"],
			["GET", "webhooks/ID/deliveries"],
			["POST", "webhooks/ID/deliveries/1/retry", 4096],
		]) {
			const body = method === "PUT" ? {} : undefined;
			const ask = (status, name, ...more) =>
				send(banter, status, method, path.replace("ID", name), ...more);
			if (path !== "webhooks") {
				await ask(400, "x", body);
				await ask(404, NOBODY, body);
			}
			if (limit === undefined) continue;
			const large = { ...ADMIN, "content-length": `${limit + 1}` };
			await ask(413, id, undefined, large);
		}
		await send(banter, 400, "PUT", `webhooks/${id}`, "[]");
		assertFields(await send(banter, 422, "PUT", `webhooks/${id}`, { url: "x" }), ["url"]);
		await send(banter, 204, "DELETE", `webhooks/${id}`);
	});

	it("are limited in number", async () => {
		const body = { url: receiver.url, kinds: ["note"] };
		const ids = [];
		for (let i = 0; i < 20; i++)
			ids.push((await send(banter, 201, "POST", "webhooks", body)).json.id);
		await send(banter, 409, "POST", "webhooks", body);
		for (const id of ids) await send(banter, 204, "DELETE", `webhooks/${id}`);
	});

	it("can be tried", async () => {
		const body = { url: receiver.url, kinds: ["widget"] };
		const { id, secret } = (await send(banter, 201, "POST", "webhooks", body)).json;
		const test = async () => (await send(banter, 200, "POST", `webhooks/${id}/test`)).json;
		const delivered = await test();
		assert.deepEqual([delivered.delivered, delivered.status, delivered.error], [true, 200, null]);
		assert.equal(receiver.deliveries[0].json.kind, "test");
		assertSigned(receiver.deliveries[0], secret);
		assertStandard(receiver.deliveries[0], secret);
		receiver.answer = () => 302;
		assert.match((await test()).error, /redirects are not followed/);
		assert.equal(receiver.deliveries.length, 2);
		receiver.answer = () => 200;
		await send(banter, 204, "DELETE", `webhooks/${id}`);
	});
});

describe("without WEBHOOK_ALLOW", () => {
	const banter = useBanter({ workers: 1 });
	const receiver = useReceiver();

	it("neither this machine nor its network is reached", async () => {
		const { port } = new URL(receiver.url);
		for (const host of ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "169.254.169.254"]) {
			const body = { url: `http://${host}:${port}/`, kinds: ["widget"] };
			const { id } = (await send(banter, 201, "POST", "webhooks", body)).json;
			const { json } = await send(banter, 200, "POST", `webhooks/${id}/test`);
			assert.match(json.error, /not public/);
		}
		assert.equal(receiver.deliveries.length, 0);
	});
});

describe("deliveries", () => {
	const banter = useBanter({ env: ALLOW });
	const receiver = useReceiver();
	let hook;

	const list = async () =>
		(await send(banter, 200, "GET", `webhooks/${hook.id}/deliveries`)).json.deliveries;

	before(async () => {
		const body = { url: receiver.url, kinds: ["conversation", "message", "reply"] };
		hook = (await send(banter, 201, "POST", "webhooks", body)).json;
	});

	const of = (id) => receiver.deliveries.filter(({ json }) => json.conversationId === id);

	it("bring the events of a conversation in order, signed", async () => {
		const { conversationId } = (await banter.chat("in-order", "[[tokens=1]] one")).json;
		await banter.chat("in-order", "[[tokens=1]] two");
		const mine = () =>
			receiver
				.events()
				.filter((json) => json.conversationId === conversationId || json.id === conversationId);
		await until(
			"both replies' ends are delivered",
			() =>
				mine().filter(({ kind, change }) => kind === "reply" && change === "complete").length === 2,
		);
		const numbers = mine().map(({ seq }) => seq);
		assert.deepEqual(
			numbers,
			[...numbers].sort((a, b) => a - b),
		);
		assert.equal(receiver.events("message").length, 2);
		for (const delivery of receiver.deliveries) {
			assertSigned(delivery, hook.secret);
			assertStandard(delivery, hook.secret);
			assert.equal(delivery.headers["x-banter-delivery"], `${hook.id}-${delivery.json.seq}`);
			assert.equal(delivery.json.delivery, delivery.headers["x-banter-delivery"]);
			assert.equal(delivery.json.webhookId, hook.id);
			assert.ok(Math.abs(delivery.json.at - Date.now()) < 60_000);
		}
		await until("nothing is pending", async () =>
			(await list()).every(({ state }) => state === "delivered"),
		);
		const { deliveries } = receiver;
		assert.equal((await list()).length, deliveries.length);
	});

	it("are repeated with the same id, and hold back only their conversation", async () => {
		const { conversationId } = (await banter.chat("held", "[[tokens=1]] before")).json;
		const isEnded = (id) => of(id).some(({ json }) => json.change === "complete");
		await until("the first reply's end is delivered", () => isEnded(conversationId));
		await until("nothing is pending", async () =>
			(await list()).every(({ state }) => state === "delivered"),
		);
		receiver.deliveries.length = 0;
		let failures = 0;
		receiver.answer = ({ json }) =>
			json.conversationId === conversationId && failures++ < 2 ? 500 : 200;
		await banter.chat("held", "[[tokens=1]] now");
		const other = (await banter.chat("other", "[[tokens=1]] now")).json.conversationId;
		await until("the other reply's end is delivered", () =>
			of(other).some(({ json }) => json.change === "complete"),
		);
		const pending = (await list()).filter(({ state }) => state === "pending");
		assert.ok(
			pending.some(
				({ attempts, status, error }) => attempts > 0 && status === 500 && error === "status 500",
			),
		);
		await until("the held reply's end is delivered", () =>
			of(conversationId).some(({ json }) => json.change === "complete"),
		);
		const ids = of(conversationId).map(({ headers }) => headers["x-banter-delivery"]);
		assert.deepEqual(ids.slice(0, 3), Array(3).fill(ids[0]));
		assert.deepEqual(ids.slice(2), ids.slice(2).sort());
	});

	it("can be sent again", async () => {
		await until("nothing is pending", async () =>
			(await list()).every(({ state }) => state === "delivered"),
		);
		const [{ n, delivery }] = await list();
		receiver.deliveries.length = 0;
		await send(banter, 204, "POST", `webhooks/${hook.id}/deliveries/${n}/retry`);
		await until("it is sent again", () => receiver.deliveries.length === 1);
		assert.equal(receiver.deliveries[0].headers["x-banter-delivery"], delivery);
	});

	it("are pages of the latest", async () => {
		const all = await list();
		const path = `webhooks/${hook.id}/deliveries?limit=2`;
		const { json } = await send(banter, 200, "GET", path);
		assert.deepEqual(
			json.deliveries.map(({ n }) => n),
			all.slice(0, 2).map(({ n }) => n),
		);
		const next = await send(banter, 200, "GET", `${path}&cursor=${json.nextCursor}`);
		assert.equal(next.json.deliveries[0].n, all[2].n);
	});

	it("are signed with both secrets while one replaces the other", async () => {
		const path = `webhooks/${hook.id}`;
		const first = hook.secret;
		// Those of earlier conversations may still come.
		const next = async (name) => {
			const { conversationId } = (await banter.chat(name, "[[tokens=1]] one")).json;
			return until("it is delivered", () => of(conversationId)[0]);
		};
		const rotate = (status, body) => send(banter, status, "POST", `${path}/secret`, body);
		assertFields(await rotate(422, { old_valid_hours: 169 }), ["old_valid_hours"]);
		assertFields(await rotate(422, { hours: 1 }), ["hours"]);
		await rotate(400, "[]");
		const before = Date.now();
		const { secret, ...shown } = (await rotate(200)).json;
		assert.match(secret, /^whsec_/);
		assert.notEqual(secret, first);
		assert.ok(shown.old_secret_until >= before + 24 * 3_600_000);
		assert.deepEqual((await send(banter, 200, "GET", path)).json, shown);
		const both = await next("both-secrets");
		assertStandard(both, secret, first);
		assertSigned(both, first);
		assert.equal((await rotate(409)).json.code, "old_secret_valid");
		// Other changes leave the secrets as they are.
		const kinds = ["conversation", "message", "reply"];
		await send(banter, 200, "PUT", path, { kinds });
		assertStandard(await next("still-both"), secret, first);
		const ended = (await send(banter, 200, "DELETE", `${path}/old-secret`)).json;
		assert.equal(ended.old_secret_until, null);
		const alone = await next("new-secret");
		assertStandard(alone, secret);
		assertSigned(alone, secret);
		const { json } = await rotate(200, { old_valid_hours: 0 });
		assert.equal(json.old_secret_until, null);
		assertStandard(await next("at-once"), json.secret);
		hook.secret = json.secret;
	});

	it("end when the receiver answers with status 410", async () => {
		const body = { url: `${receiver.url}gone`, kinds: ["message"] };
		const { id } = (await send(banter, 201, "POST", "webhooks", body)).json;
		receiver.answer = ({ path }) => (path.endsWith("gone") ? 410 : 200);
		await banter.chat("gone", "[[tokens=1]] one");
		await until("the webhook is disabled", async () => {
			const { json } = await send(banter, 200, "GET", `webhooks/${id}`);
			return !json.enabled && json.notice_code === "ended";
		});
		receiver.answer = () => 200;
		const { json } = await send(banter, 200, "GET", `webhooks/${id}/deliveries`);
		assert.deepEqual(
			json.deliveries.map(({ state, status, attempts }) => [state, status, attempts]),
			[["failed", 410, 1]],
		);
		await send(banter, 204, "DELETE", `webhooks/${id}`);
	});

	it("end when the endpoint is disabled, and begin with later events when it is enabled", async () => {
		receiver.answer = () => 503;
		receiver.deliveries.length = 0;
		await banter.chat("disabled", "[[tokens=1]] one");
		await until("a delivery fails", () => receiver.deliveries.length > 0);
		await send(banter, 200, "PUT", `webhooks/${hook.id}`, { enabled: false });
		const [{ n, state }] = await list();
		assert.equal(state, "failed");
		await send(banter, 409, "POST", `webhooks/${hook.id}/deliveries/${n}/retry`);
		await banter.chat("disabled", "[[tokens=1]] two");
		receiver.answer = () => 200;
		receiver.deliveries.length = 0;
		await send(banter, 200, "PUT", `webhooks/${hook.id}`, { enabled: true });
		await banter.chat("enabled", "[[tokens=1]] three");
		await until("the reply's end is delivered", () =>
			receiver.events("reply").some(({ change }) => change === "complete"),
		);
		assert.equal(receiver.events("message").length, 1);
	});

	it("go on when the worker that delivers, or the store, is killed", async () => {
		receiver.deliveries.length = 0;
		for (let i = 0; i < 4; i++) {
			await banter.chat(`killed-${i}`, "[[tokens=1]] one");
			if (i === 2) {
				await banter.stopStore();
				await banter.startStore();
			} else await banter.killWorkers(banter.workerPids());
		}
		await until(
			"all replies' ends are delivered",
			() => receiver.events("reply").filter(({ change }) => change === "complete").length >= 4,
		);
		assert.equal(receiver.events("message").length, 4);
	});

	it("are counted", async () => {
		const text = (await banter.get("/metrics", ADMIN)).text;
		assert.match(text, /banter_webhook_deliveries_total\{.*result="delivered".*\} [1-9]/);
	});
});

describe("a chat", () => {
	const banter = useBanter({ workers: 1, env: ALLOW });
	const receiver = useReceiver();
	const store = usePeer(banter);

	/** Sets a conversation's state: 0 is open, 1 waiting. */
	function setState(id, state) {
		const change = { org: bare(ORG), conversation: bare(id), what: 1, state };
		return store.peer.ask("conversation_change", change, "conversation_page");
	}

	for (const [format, text] of [
		["slack", ({ json }) => json.text],
		["discord", ({ json }) => json.content],
	])
		it(`${format}: is told of a visitor who waits, and of nothing else`, async () => {
			receiver.deliveries.length = 0;
			const { json } = await send(banter, 201, "POST", "webhooks", { url: receiver.url, format });
			const list = async () =>
				(await send(banter, 200, "GET", `webhooks/${json.id}/deliveries`)).json.deliveries;
			const { conversationId } = (await banter.chat(format, "[[echo]] Help!")).json;
			await setState(conversationId, 1);
			await until("the chat is told", () => receiver.deliveries.length === 1);
			assert.ok(text(receiver.deliveries[0]).includes(conversationId));
			assert.ok(text(receiver.deliveries[0]).includes("Help!"));
			await setState(conversationId, 0);
			// The store is asked about the change above before the one below, and is no delivery.
			const other = (await banter.chat(`${format}-2`, "[[echo]] Me, too!")).json.conversationId;
			await setState(other, 1);
			await until("the chat is told again", () => receiver.deliveries.length === 2);
			assert.ok(text(receiver.deliveries[1]).includes(other));
			await until("the results are stored", async () => (await list()).length >= 2);
			assert.deepEqual(
				(await list()).map(({ state, conversationId }) => [state, conversationId]),
				[other, conversationId].map((id) => ["delivered", id]),
			);
			await send(banter, 204, "DELETE", `webhooks/${json.id}`);
		});
});

describe("the slots for deliveries", () => {
	const banter = useBanter({ workers: 1, env: ALLOW });
	const hanging = useReceiver();
	const well = useReceiver();

	it("are shared: an organization whose receivers hang leaves places for the others", async () => {
		let now = 0;
		let most = 0;
		hanging.answer = () => new Promise(() => {});
		hanging.server.prependListener("request", (_, response) => {
			most = Math.max(most, ++now);
			response.on("close", () => now--);
		});
		const one = await addOrganization(banter, "One");
		const other = await addOrganization(banter, "Other");
		const post = ({ headers }, path, body) => adminExpect(banter, 201, "POST", path, body, headers);
		const hook = (of, { url }) => post(of, "webhooks", { url, kinds: ["answer"] });
		const answer = (of, question) => post(of, "answers", { question, text: "x" });
		await times(20, () => hook(one, hanging));
		await hook(other, well);
		await times(8, (i) => answer(one, `Question ${i}`));
		// More would be under way, if they might.
		await until("half of the slots are taken", () => now >= 32);
		await answer(other, "Whose turn is it?");
		await until("the other organization's event", () => well.deliveries.length > 0);
		assert.equal(most, 32);
	});
});

it("shows every documented status", () => contract.assertComplete("webhooks"));
