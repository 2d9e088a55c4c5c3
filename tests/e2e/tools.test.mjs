// Tools: the admin API with every status, what a call sends and what comes of it. Replies that call them:
// tool-replies.test.mjs.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Shop } from "../shop/shop.mjs";
import { ADMIN, addUser, logIn } from "./accounts.mjs";
import { Contract } from "./contract.mjs";
import { useBanter } from "./harness.mjs";
import { adminExpect, assertFields, NOBODY } from "./organizations.mjs";
import { KEY } from "./replies.mjs";

const contract = new Contract();

const send = (banter, status, method, path, body, headers = ADMIN) =>
	contract.drive(banter, status, method, `/v1/admin/${path}`, { headers, body });

const SCHEMA = {
	type: "object",
	properties: { order: { type: "string", maxLength: 20 }, limit: { type: "integer", minimum: 1 } },
	required: ["order"],
};

function useShop() {
	const shop = new Shop();
	before(() => shop.start());
	after(() => shop.stop());
	return shop;
}

describe("the tools of an organization", () => {
	const banter = useBanter({ workers: 1, env: { TOOLS_ALLOW: "127.0.0.0/8" } });
	const shop = useShop();

	const make = async (members = {}) =>
		(
			await send(banter, 201, "POST", "tools", {
				name: "find_order",
				description: "Finds an order",
				url: `${shop.url}/orders/{{args.order}}?customer={{visitor.user_id}}`,
				arguments: SCHEMA,
				...members,
			})
		).json;
	const attempt = async (tool, args, who = {}) =>
		(await send(banter, 200, "POST", `tools/${tool.id}/test`, { arguments: args, ...who })).json;
	/** A call of a tool whose URL is this path of the shop. */
	const attemptPath = async (path, members) =>
		attempt(await make({ url: `${shop.url}/${path}`, arguments: {}, ...members }), {});

	it("never show their secret", async () => {
		const tool = await make({
			secret: "s3cret",
			requestHeaders: { Authorization: "Bearer {{secret}}" },
		});
		assert.equal(tool.hasSecret, true);
		assert.ok(!JSON.stringify(tool).includes("s3cret"));
		assert.deepEqual(tool.arguments, SCHEMA);
		const path = `tools/${tool.id}`;
		assert.deepEqual((await send(banter, 200, "GET", path)).json, tool);
		assert.deepEqual((await send(banter, 200, "GET", "tools")).json.tools, [tool]);
		const changed = (await send(banter, 200, "PUT", path, { enabled: false, result: ["/state"] }))
			.json;
		assert.deepEqual(
			[changed.enabled, changed.result, changed.hasSecret],
			[false, ["/state"], true],
		);
		assert.equal((await send(banter, 200, "PUT", path, changed)).json.hasSecret, true);
		assert.equal((await send(banter, 200, "PUT", path, { secret: null })).json.hasSecret, false);
		const outdated = { ...ADMIN, "if-match": `"${tool.updated_at}"` };
		await send(banter, 412, "PUT", path, { enabled: true }, outdated);
		await send(banter, 204, "DELETE", path);
		await send(banter, 404, "GET", path);
	});

	it("are refused with a reason if a call could not work, or could go elsewhere", async () => {
		const wrong = [
			[{ name: "find order" }, "name"],
			[{ name: "hand_over" }, "name"],
			[{ url: "https://{{args.order}}.example/" }, "url"],
			[{ url: "https://shop.example/{{args.other}}" }, "url"],
			[{ url: "https://shop.example/{{secret}}" }, "url"],
			[{ url: "ftp://shop.example/" }, "url"],
			[{ arguments: { type: "string" } }, "arguments"],
			[{ arguments: { type: "object", properties: { a: { pattern: "(a+)+" } } } }, "arguments"],
			[
				{ arguments: { type: "object", properties: { a: { minimum: 2, maximum: 1 } } } },
				"arguments",
			],
			[{ requestHeaders: { Host: "a" } }, "requestHeaders"],
			[{ requestHeaders: { "X-A": "{{args.nothing}}" } }, "requestHeaders"],
			[{ body: "{}" }, "body"],
			[{ method: "post", body: "{" }, "body"],
			[{ method: "post", body: '{"a":{{args.order}}}' }, "body"],
			[{ result: ["state"] }, "result"],
			[{ timeoutMs: 15001 }, "timeoutMs"],
			[{ secret: "a\nb" }, "secret"],
			[{ arguments: { type: "object", title: "x".repeat(16384) } }, "arguments"],
		];
		const valid = {
			name: "a",
			description: "b",
			url: "https://shop.example/{{args.order}}",
			arguments: SCHEMA,
		};
		for (const [members, name] of wrong)
			assertFields(await send(banter, 422, "POST", "tools", { ...valid, ...members }), [name]);
		assertFields(await send(banter, 422, "POST", "tools", {}), ["name", "description", "url"]);
		await send(banter, 400, "POST", "tools", "[]");
		await send(banter, 413, "POST", "tools", { name: "x".repeat(70_000) });
		await send(banter, 400, "GET", "tools?limit=0");
	});

	it("send each argument in its place, and return what the pointers name", async () => {
		const tool = await make({ result: ["/state", "/delivery/date", "/none"], needsIdentity: true });
		const found = await attempt(tool, { order: "1042" }, { userId: "u-7" });
		assert.deepEqual(
			[found.state, found.status, JSON.parse(found.result)],
			["done", 200, { "/state": "sent", "/delivery/date": "2026-01-03" }],
		);
		assert.equal(found.request.url, `${shop.url}/orders/1042?customer=u-7`);
		const other = await attempt(tool, { order: "1043?customer=u-8&x=" }, { userId: "u-7" });
		assert.deepEqual([other.state, other.status], ["failed", 404]);
		assert.equal(shop.requests.at(-1).path, "/orders/1043%3Fcustomer%3Du-8%26x%3D?customer=u-7");
		const before = shop.requests.length;
		for (const [args, who, why] of [
			[{ order: "1042" }, {}, /signed in/],
			[{ order: ".." }, { userId: "u-7" }, /part of the path/],
			[{}, { userId: "u-7" }, /missing/],
			[{ order: 1042 }, { userId: "u-7" }, /wrong type/],
		]) {
			const refused = await attempt(tool, args, who);
			assert.deepEqual([refused.request, refused.state, refused.status], [null, "failed", null]);
			assert.match(refused.result, why);
		}
		assert.equal(shop.requests.length, before, "nothing was sent");
	});

	it("post a template, with the secret in it and hidden in what is shown", async () => {
		const tool = await make({
			method: "post",
			url: `${shop.url}/search`,
			secret: 'a"b',
			requestHeaders: { "X-Key": "{{secret}}", "X-Mail": "{{visitor.email}}" },
			body: '{"id":"{{args.limit}}","text":"no. {{args.order}}","key":"{{secret}}","ok":"{{visitor.verified}}"}',
		});
		const sent = await attempt(tool, { order: '","x":"', limit: 3 }, { email: "ann@example.com" });
		assert.deepEqual(JSON.parse(sent.result).received, {
			id: 3,
			text: 'no. ","x":"',
			key: 'a"b',
			ok: "false",
		});
		assert.equal(shop.requests.at(-1).headers["x-key"], 'a"b');
		assert.equal(shop.requests.at(-1).headers["x-mail"], "ann@example.com");
		assert.ok(!sent.request.body.includes('a\\"b') && sent.request.body.includes("***"));
		const plain = await make({ method: "post", url: `${shop.url}/search` });
		const received = JSON.parse((await attempt(plain, { order: "7" })).result).received;
		assert.deepEqual(received, { order: "7" });
	});

	it("say clearly what went wrong, whatever the server does", async () => {
		const cases = [
			["status/401", 401, /refuses its credentials \(401\)/],
			["status/429", 429, /busy \(429\): try again in 7 s/],
			["status/302", 302, /redirects \(302\)/],
			["status/500", 500, /status 500/],
			["long", null, /longer than 64 KiB/],
			["text", 200, /not answer with JSON/],
			["bomb", 200, /not answer with JSON/],
			["slow", null, /in time/],
			["drip", null, /in time/],
		];
		for (const [path, status, why] of cases) {
			// The others have the time that a busy machine takes.
			const limit = ["slow", "drip"].includes(path) ? { timeoutMs: 300 } : {};
			const failed = await attemptPath(path, limit);
			assert.deepEqual([failed.state, failed.status], ["failed", status], path);
			assert.match(JSON.parse(failed.result).error, why);
		}
		const noted = await attemptPath("note");
		assert.ok(!noted.result.includes("[hand_over]") && !noted.result.includes("[S1]"));
		assert.match(JSON.parse(noted.result).note, /^\[hand_over\] .* \[S1\]/);
	});

	it("leave a server alone that fails again and again", async () => {
		const dead = new Shop();
		await dead.start();
		dead.stop();
		const tool = await make({ url: `${dead.url}/x`, arguments: {} });
		for (let i = 0; i < 5; i++) assert.match((await attempt(tool, {})).result, /no connection/);
		assert.match((await attempt(tool, {})).result, /not asked now/);
	});

	it("exist in their organization only, and belong to its owners", async () => {
		await send(banter, 404, "PUT", `tools/${NOBODY}`, { enabled: true });
		await send(banter, 404, "DELETE", `tools/${NOBODY}`);
		await send(banter, 404, "POST", `tools/${NOBODY}/test`, {});
		for (const [method, path] of [
			["GET", "tools/x"],
			["PUT", "tools/x"],
			["DELETE", "tools/x"],
			["POST", "tools/x/test"],
		])
			await send(banter, 400, method, path, ["PUT", "POST"].includes(method) ? {} : undefined);
		const tool = await make();
		assertFields(await send(banter, 422, "POST", `tools/${tool.id}/test`, { arguments: 1 }), [
			"arguments",
		]);
		assertFields(await send(banter, 422, "PUT", `tools/${tool.id}`, { url: "x" }), ["url"]);
		await send(banter, 413, "PUT", `tools/${tool.id}`, { name: "x".repeat(70_000) });
		await send(banter, 413, "POST", `tools/${tool.id}/test`, { userId: "x".repeat(20_000) });
		const member = await logIn(banter, await addUser(banter, "ann@example.com", "--member"));
		const { json } = await send(banter, 200, "GET", "tools", undefined, member);
		assert.ok(json.tools.some(({ id }) => id === tool.id));
		await send(banter, 403, "POST", "tools", {}, member);
		for (const [method, path] of [
			["PUT", `tools/${tool.id}`],
			["DELETE", `tools/${tool.id}`],
			["POST", `tools/${tool.id}/test`],
		])
			await send(banter, 403, method, path, method === "DELETE" ? undefined : {}, member);
		for (const path of ["tools", `tools/${tool.id}`])
			await send(banter, 401, "GET", path, undefined, {});
	});

	it("are at most 100 in an organization", async () => {
		const valid = { name: "a", description: "b", url: "https://shop.example/" };
		const { json } = await send(banter, 200, "GET", "tools?limit=100");
		for (let n = json.tools.length; n < 100; n++) await send(banter, 201, "POST", "tools", valid);
		await send(banter, 409, "POST", "tools", valid);
		for (const { id } of (await send(banter, 200, "GET", "tools?limit=100")).json.tools.slice(1))
			await send(banter, 204, "DELETE", `tools/${id}`);
	});

	it("are named by agents, and conversations have their steps", async () => {
		const tool = await make();
		const agent = await adminExpect(banter, 201, "POST", "agents", { name: "A", tools: [tool.id] });
		assert.deepEqual(agent.tools, [tool.id]);
		const chat = { sessionId: "s", message: "Hello" };
		const { json } = await contract.drive(banter, 200, "POST", "/v1/chat", {
			headers: KEY,
			body: chat,
		});
		const path = `conversations/${json.conversationId}/steps`;
		assert.deepEqual((await send(banter, 200, "GET", path)).json, { steps: [], nextCursor: null });
		await send(banter, 400, "GET", `${path}?limit=0`);
		await send(banter, 400, "GET", `${path}?message=x`);
		await send(banter, 404, "GET", `conversations/${NOBODY}/steps`);
		await send(banter, 401, "GET", path, undefined, {});
	});
});

it("shows every documented status", () => contract.assertComplete("tools"));
