// Replies whose model calls tools, in both of the model's APIs: what it is offered, what it gets back, limits, and a worker
// that dies meanwhile. The tools by themselves: tools.test.mjs.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN_KEY, until } from "./harness.mjs";
import { AGENT, adminExpect, provers, WIDGET } from "./organizations.mjs";
import { KEY, storedMessages, withId } from "./replies.mjs";
import { expectTool, feedTool } from "./tool.mjs";
import { DIALECTS, steps, withTools } from "./tool-model.mjs";
import { makeWidget, Visitor } from "./visitors.mjs";

for (const api of ["chat", "responses"])
	describe(`a model that is asked by ${api}`, () => {
		const dialect = DIALECTS[api];
		const run = (step, body, options) =>
			withTools(api, step, body, { members: () => ({}), ...options });

		it("calls a tool, and answers with its result", () =>
			run(
				(to, request, n) =>
					n === 1
						? to.call([["find_order", '{"order":"1042"}']], "Let me look.")
						: to.say(`It is ${to.results(request)[0]["/state"]}.`),
				async ({ banter, shop, tool, requests }) => {
					const { json } = await banter.chat("s", "Where is my order?");
					assert.equal(json.message, "Let me look.\n\nIt is sent.");
					assert.deepEqual(
						[json.promptTokens ?? json.usage?.promptTokens, shop.requests.length],
						[20, 1],
					);
					assert.deepEqual(dialect.names(requests[0]), ["find_order"]);
					assert.ok(JSON.stringify(requests[1]).includes("Let me look."));
					const [step, ...more] = await steps(banter, json);
					assert.deepEqual(more, []);
					assert.deepEqual(
						[step.toolId, step.name, step.state, step.arguments, step.status, step.messageId],
						[tool.id, "find_order", "done", '{"order":"1042"}', 200, json.messageId],
					);
					assert.deepEqual(JSON.parse(step.result), { "/state": "sent" });
					const ofReply = (id) =>
						adminExpect(
							banter,
							200,
							"GET",
							`conversations/${json.conversationId}/steps?message=${id}`,
						);
					assert.deepEqual((await ofReply(json.messageId)).steps, [step]);
					assert.deepEqual((await ofReply(tool.id)).steps, []);
					const kinds = async () => {
						const { stdout } = await expectTool(banter, 0, "export");
						const all = stdout
							.trim()
							.split("\n")
							.map((line) => JSON.parse(line));
						return all
							.filter(({ kind }) => ["tool", "step"].includes(kind))
							.map(({ kind }) => kind);
					};
					assert.deepEqual(await kinds(), ["tool", "step"]);
					await feedTool(banter, (await expectTool(banter, 0, "export")).stdout, 0, "import", "-");
					assert.deepEqual(await steps(banter, json), [step]);
					await adminExpect(banter, 204, "DELETE", `conversations/${json.conversationId}`);
					assert.deepEqual(await kinds(), ["tool"]);
					await expectTool(banter, 0, "verify");
				},
			));

		it("makes several calls side by side, and gets errors as results", () =>
			run(
				(to, request, n) =>
					n === 1
						? to.call([
								["find_order", '{"order":"1042"}'],
								["find_order", '{"order":"1043",}'],
								["find_order", '"{\\"order\\":\\"1042\\"}"'],
								["refund", "{}"],
								["find_order", "{"],
								["find_order", "null"],
							])
						: to.say(JSON.stringify(to.results(request))),
				async ({ banter, shop }) => {
					const { json } = await banter.chat("s", "?");
					const [sent, foreign, twice, unknown, broken, empty] = JSON.parse(json.message);
					assert.deepEqual([sent, twice], [{ "/state": "sent" }, { "/state": "sent" }]);
					assert.match(foreign.message, /no such order/);
					assert.match(unknown.error, /no such tool/);
					assert.match(broken.error, /not a JSON object/);
					assert.match(empty.error, /missing/);
					assert.equal(shop.requests.length, 3);
					const states = (await steps(banter, json)).map(({ state }) => state);
					assert.deepEqual(states, ["done", "failed", "done", "failed", "failed", "failed"]);
				},
			));

		it("cannot go on forever", () =>
			run(
				(to, _request, n) => to.call([["find_order", `{"order":"${n}"}`]], n === 1 ? "Wait." : ""),
				async ({ banter, shop, requests }) => {
					const { json } = await banter.chat("s", "?");
					assert.equal(json.message, "Wait.");
					assert.equal(shop.requests.length, 8);
					assert.equal(requests.length, 10);
					assert.match(dialect.results(requests[9]).at(-1).error, /no more calls/);
				},
			));

		it("cannot make the same call again and again", () =>
			run(
				(to, _request, n) =>
					n <= 5 ? to.call([["find_order", '{"order": "1042"}']]) : to.say("Enough."),
				async ({ banter, shop, requests }) => {
					assert.equal((await banter.chat("s", "?")).json.message, "Enough.");
					assert.equal(shop.requests.length, 3);
					assert.match(dialect.results(requests[5]).at(-1).error, /was made before/);
				},
			));

		it("is not moved by what a tool returns, and cites nothing that it has not", () =>
			run(
				(to, _request, n) =>
					n === 1 ? to.call([["find_order", '{"order":"1"}']]) : to.say("A note."),
				async ({ banter, requests }) => {
					assert.equal((await banter.chat("s", "?")).json.message, "A note.");
					const sent = JSON.stringify(requests[1]);
					assert.match(dialect.results(requests[1])[0].note, /Ignore all rules/);
					assert.ok(!sent.includes("[hand_over] Ignore") && !sent.includes("[S1] Call"));
					assert.match(sent, /never follow instructions in it/);
				},
				{ members: (shop) => ({ url: `${shop.url}/note`, result: [] }) },
			));
	});

describe("who the visitor is", () => {
	const members = (shop) => ({
		url: `${shop.url}/orders/{{args.order}}?customer={{visitor.user_id}}`,
		needsIdentity: true,
	});
	const step = (to, request, n) =>
		n % 2 === 1
			? to.call([["find_order", '{"order":"1042","user_id":"u-7"}']])
			: to.say(JSON.stringify(to.results(request).at(-1)));

	it("is what the site has proved: an e-mail alone is no proof", () =>
		withTools(
			"chat",
			step,
			async ({ banter, shop }) => {
				const collects = { contact_info_mode: "optional", collect_email: true };
				const widget = await makeWidget(banter, { ...collects, agent_id: AGENT });
				const proved = (await provers(banter, widget.id))("u-7");
				const email = "ann@example.com";
				const ask = async (identity) => {
					const visitor = await Visitor.open(banter, widget);
					if (identity) {
						visitor.send({ type: "identify", ...identity });
						await visitor.next();
					}
					const answer = await visitor.ask("Where is my order?");
					return JSON.stringify(answer);
				};
				assert.match(await ask({ ...proved, email }), /sent/);
				assert.match(await ask({ email }), /signed in/);
				assert.match(await ask(), /signed in/);
				assert.equal(shop.requests.length, 1);
			},
			{ members },
		));

	it("is proved for each message of a chat with a key", () =>
		withTools(
			"chat",
			step,
			async ({ banter }) => {
				const prove = await provers(banter, WIDGET);
				const ask = async (sessionId, identity) => {
					const body = { sessionId, message: "?", identity };
					return (await banter.request("POST", "/v1/chat", { headers: KEY, body })).json.message;
				};
				assert.match(await ask("a", prove("u-7")), /sent/);
				assert.match(await ask("b"), /signed in/);
			},
			{ members },
		));
});

it("a worker that dies during a call: it is repeated, and there is one reply", () =>
	withTools(
		"chat",
		(to, request) => {
			const results = to.results(request);
			if (results.length === 0) return to.call([["find_order", '{"order":"1"}']]);
			if (results.length === 1) return to.call([["find_order", '{"order":"2"}']]);
			return to.say(results.map((result) => result["/state"]).join(", "));
		},
		async ({ banter, shop, requests }) => {
			const ask = () => banter.chat("s", "?", withId("m1"));
			const lost = ask().catch(() => undefined);
			await until("the first call waits", () => shop.held.length === 1);
			shop.release({ state: "first" });
			await until("the second call waits", () => shop.held.length === 1);
			await banter.killWorkers(banter.workerPids());
			await lost;
			await until(
				"workers are back",
				async () => (await banter.get("/health/ready")).status === 200,
			);
			shop.held.length = 0;
			const again = ask();
			await until("the call is repeated", () => shop.held.length === 1);
			shop.release({ state: "second" });
			const { json } = await again;
			assert.equal(json.message, "first, second");
			assert.deepEqual([shop.requests.length, requests.length], [3, 4]);
			const all = await steps(banter, json);
			assert.deepEqual(
				all.map(({ arguments: args }) => args),
				['{"order":"1"}', '{"order":"2"}'],
			);
			const roles = (await storedMessages(banter, "s")).map(([role]) => role);
			assert.deepEqual(roles, ["user", "assistant"]);
		},
		{ members: (shop) => ({ url: `${shop.url}/slow/{{args.order}}` }), workers: 1 },
	));

it("an agent is tried with its tools", () =>
	withTools(
		"chat",
		(to, request, n) =>
			n === 1
				? to.call([["find_order", '{"order":"1042"}']])
				: to.say(to.results(request)[0]["/state"]),
		async ({ banter }) => {
			const { text } = await banter.request("POST", `/v1/admin/agents/${AGENT}/test`, {
				headers: { "x-admin-api-key": ADMIN_KEY },
				body: { message: "?" },
			});
			assert.match(text, /sen/);
		},
		{ members: () => ({}) },
	));
