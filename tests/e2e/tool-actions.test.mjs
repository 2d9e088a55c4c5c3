// Actions: tools that change something. They wait for a decision, are done at most once, and say when nobody knows whether they
// were done.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { below, SEED } from "../faults/random.mjs";
import { ADMIN } from "./accounts.mjs";
import { Contract } from "./contract.mjs";
import { Feed } from "./feeds.mjs";
import { ADMIN_KEY, until, withBanter } from "./harness.mjs";
import {
	AGENT,
	adminExpect,
	adminRequest,
	assertFields,
	NOBODY,
	provers,
	WIDGET,
} from "./organizations.mjs";
import { KEY, storedMessages, withId } from "./replies.mjs";
import { signed } from "./signed.mjs";
import { expectTool, feedTool, importRecords } from "./tool.mjs";
import { REFUND, refunds, steps, withTools } from "./tool-model.mjs";
import { makeWidget, Visitor } from "./visitors.mjs";

const shopOf = (members, path = "refunds") => ({
	members: (shop) => ({ ...REFUND, url: `${shop.url}/${path}`, ...members }),
});

const contract = new Contract();
const STEPS = "/v1/chat/steps";

const visitorSteps = async (banter, session = "s") =>
	(await contract.drive(banter, 200, "GET", `${STEPS}?sessionId=${session}`, { headers: KEY })).json
		.steps;

const decide = (banter, step, decision, session = "s", hash = step.hash, members = {}) =>
	contract.drive(banter, [200, 403, 404, 409, 422], "POST", `${STEPS}/${step.id}/decision`, {
		headers: KEY,
		body: { sessionId: session, decision, hash, ...members },
	});

const admin = async (banter, status, method, path, options = {}) =>
	(
		await contract.drive(banter, status, method, `/v1/admin/${path}`, {
			...options,
			headers: { ...ADMIN, ...options.headers },
		})
	).json;

const operatorDecides = (banter, status, step, decision) =>
	admin(banter, status, "POST", `steps/${step.id}`, { body: { decision, hash: step.hash } });

const openSteps = async (banter) => (await admin(banter, 200, "GET", "steps")).steps;

const stateOf = (banter, state, session = "s") =>
	until(`the step is ${state}`, async () => {
		const step = (await visitorSteps(banter, session)).at(0);
		return step?.state === state && step;
	});

/** The text of the reply that sees the result. */
const followUp = async (banter, session = "s") => {
	await until(
		"the reply that sees the result",
		async () => (await storedMessages(banter, session)).length === 3,
	);
	return (await storedMessages(banter, session))[2][1];
};

const conversation = (banter, { conversationId }) =>
	adminExpect(banter, 200, "GET", `conversations/${conversationId}`);

for (const api of ["chat", "responses"])
	describe(`an action of a model that is asked by ${api}`, () => {
		it("waits for the visitor, and is done once", () =>
			withTools(
				api,
				refunds(12.5, "One moment."),
				async ({ banter, shop, requests }) => {
					const { json } = await banter.chat("s", "My money back!");
					assert.deepEqual([json.status, json.message], ["waiting", "One moment."]);
					assert.equal(json.step.text, "Refund 12.5 for the order 1042");
					assert.deepEqual([json.step.class, json.step.state], ["confirm", "waiting"]);
					const [step] = await visitorSteps(banter);
					assert.ok(step.expiresAt > Date.now());
					assert.deepEqual(
						{ ...step, expiresAt: undefined },
						{ ...json.step, expiresAt: undefined },
					);
					assert.deepEqual([shop.ledger.length, requests.length], [0, 1]);

					const other = await decide(banter, step, "yes", "s", "0".repeat(64));
					assert.deepEqual([other.status, other.json.code], [409, "step_changed"]);
					assert.equal(other.json.step.hash, step.hash);
					assert.equal((await decide(banter, step, "yes", "other")).status, 404);
					assert.equal((await decide(banter, { ...step, id: NOBODY }, "yes")).status, 404);
					await operatorDecides(banter, 409, step, "yes");
					assert.equal(shop.ledger.length, 0);

					const both = await Promise.all([
						decide(banter, step, "yes"),
						decide(banter, step, "yes"),
					]);
					assert.deepEqual(
						both.map(({ status }) => status),
						[200, 200],
					);
					assert.equal(await followUp(banter), '{"/refunded":12.5}');
					assert.deepEqual(shop.ledger, [{ order: "1042", amount: 12.5, key: step.id }]);
					assert.equal((await decide(banter, step, "yes")).json.step.state, "done");
					assert.equal((await decide(banter, step, "no")).status, 409);
					const [stored] = await steps(banter, json);
					assert.deepEqual(
						[stored.state, stored.decidedBy, stored.tries, stored.status, stored.class],
						["done", "visitor", 1, 200, "confirm"],
					);
					assert.equal(shop.ledger.length, 1);
					const { stdout } = await expectTool(banter, 0, "export");
					await feedTool(banter, stdout, 0, "import", "-");
					assert.deepEqual(await steps(banter, json), [stored]);
					await expectTool(banter, 0, "verify");
				},
				shopOf({}),
			));

		it("is not done if the visitor does not want it", () =>
			withTools(
				api,
				refunds(),
				async ({ banter, shop }) => {
					const { json } = await banter.chat("s", "My money back!");
					assert.equal(json.message, "Refund 12.5 for the order 1042");
					assert.equal((await decide(banter, json.step, "no")).json.step.state, "refused");
					assert.match(await followUp(banter), /the visitor does not want/);
					assert.equal((await decide(banter, json.step, "yes")).status, 409);
					assert.equal(shop.ledger.length, 0);
				},
				shopOf({}),
			));
	});

it("a stream has an event for the step if the client asks, and old clients see the text", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter }) => {
			const stream = async (sessionId, steps) =>
				(
					await banter.request("POST", "/v1/chat/stream", {
						headers: KEY,
						body: { sessionId, message: "?", ...(steps && { steps }) },
					})
				).text
					.trim()
					.split("\n")
					.map((line) => JSON.parse(line));
			const asked = await stream("a", true);
			assert.deepEqual(asked.at(-2).type, "step");
			assert.deepEqual(asked.at(-2).step.text, "Refund 12.5 for the order 1042");
			const old = await stream("b", false);
			assert.ok(!old.some(({ type }) => type === "step"));
			assert.deepEqual(
				[old.at(-1).message, old.at(-1).status],
				["Refund 12.5 for the order 1042", "waiting"],
			);
		},
		shopOf({}),
	));

it("a visitor of a widget gets the steps, and decides, by frames", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop }) => {
			const widget = await makeWidget(banter, { agent_id: AGENT });
			const visitor = await Visitor.open(banter, widget);
			await visitor.ask("My money back!");
			const next = async (kind) => {
				for (;;) {
					const frame = await visitor.next();
					if (frame.type === kind) return frame;
				}
			};
			visitor.send({ type: "steps" });
			const {
				steps: [step],
			} = await next("steps");
			assert.deepEqual([step.state, step.text], ["waiting", "Refund 12.5 for the order 1042"]);
			visitor.send({ type: "decide", id: step.id, hash: "0".repeat(64), decision: "yes" });
			assert.equal((await next("step")).granted, false);
			visitor.send({ type: "decide", id: step.id, hash: step.hash, decision: "yes" });
			const decided = await next("step");
			assert.deepEqual([decided.granted, decided.step.state], [true, "proposed"]);
			let state;
			while (state !== "done") state = (await next("steps")).steps[0].state;
			assert.equal(shop.ledger.length, 1);
		},
		shopOf({}),
	));

describe("an action that was shown to a user whom the site has proved", () => {
	const asked = (body) =>
		withTools(
			"chat",
			refunds(),
			async ({ banter, shop }) => {
				const prove = await provers(banter, WIDGET);
				const message = { sessionId: "s", message: "My money back!", identity: prove("u-7") };
				const { json } = await banter.request("POST", "/v1/chat", { headers: KEY, body: message });
				const { id, hash } = json.step;
				const frame = { type: "decide", id, hash, decision: "yes" };
				await body({ banter, prove, step: json.step, frame });
				assert.equal(await followUp(banter), '{"/refunded":12.5}');
				assert.equal(shop.ledger.length, 1);
			},
			shopOf({}),
		);

	it("is decided by that user alone", () =>
		asked(async ({ banter, prove, step }) => {
			const by = async (members) => {
				const { status, json } = await decide(banter, step, "yes", "s", step.hash, members);
				return [status, json.code];
			};
			assert.deepEqual(await by({}), [403, "step_other_user"]);
			assert.deepEqual(await by({ identity: prove("u-8") }), [403, "step_other_user"]);
			const forged = { ...prove("u-8"), userId: "u-7" };
			assert.deepEqual(await by({ identity: forged }), [422, "invalid_identity"]);
			assert.deepEqual(await by({ identity: prove("u-7") }), [200, undefined]);
		}));

	it("is decided by that user alone, over a WebSocket", () =>
		asked(async ({ banter, prove, frame }) => {
			const visitor = await Visitor.open(banter, { sessionId: "s" });
			const decides = async () => {
				visitor.send(frame);
				for (;;) {
					const { type, code, granted } = await visitor.next();
					if (type === "error" || type === "step") return code ?? granted;
				}
			};
			assert.equal(await decides(), "step_other_user");
			visitor.send({ type: "identify", ...prove("u-8") });
			assert.equal(await decides(), "step_other_user");
			visitor.send({ type: "identify", ...prove("u-7") });
			assert.equal(await decides(), true);
		}));

	it("is decided by that user alone, by posted frames", () =>
		asked(async ({ banter, prove, frame }) => {
			const feed = await Feed.open(banter, { sessionId: "s" }, { carrier: "poll" });
			const decides = async (identity) => {
				const [{ code, granted }] = (await feed.post({ ...frame, identity })).json.frames;
				return code ?? granted;
			};
			assert.equal(await decides(), "step_other_user");
			assert.equal(await decides(prove("u-8")), "step_other_user");
			assert.equal(await decides({ ...prove("u-8"), userId: "u-7" }), "step_other_user");
			assert.equal(await decides(prove("u-7")), true);
			await feed.close();
		}));
});

it("expires", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop }) => {
			const { json } = await banter.chat("s", "My money back!");
			await stateOf(banter, "expired");
			assert.match(await followUp(banter), /nobody has decided/);
			assert.equal((await decide(banter, json.step, "yes")).status, 409);
			assert.equal(shop.ledger.length, 0);
		},
		{ ...shopOf({}), env: { CONFIRM_EXPIRES_MS: "1000" } },
	));

it("waits for an operator if a number is too high", () =>
	withTools(
		"chat",
		refunds(99),
		async ({ banter, shop }) => {
			const { json } = await banter.chat("s", "My money back!");
			assert.equal(json.step.class, "approve");
			assert.equal((await decide(banter, json.step, "yes")).status, 404);
			const [step, ...more] = await openSteps(banter);
			assert.deepEqual(more, []);
			assert.deepEqual([step.id, step.text], [json.step.id, "Refund 99 for the order 1042"]);
			await operatorDecides(banter, 409, { ...step, hash: "0".repeat(64) }, "yes");
			await operatorDecides(banter, 409, step, "done");
			await operatorDecides(banter, 200, step, "yes");
			await operatorDecides(banter, 200, step, "yes");
			assert.equal(await followUp(banter), '{"/refunded":99}');
			assert.deepEqual([shop.ledger.length, await openSteps(banter)], [1, []]);
		},
		shopOf({ approveAbove: { amount: 50 } }),
	));

it("waits for an operator if who writes by a channel cannot decide", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop }) => {
			const channel = await adminExpect(banter, 201, "POST", "webhooks", {
				url: `${shop.url}/search`,
				format: "channel",
				widget_id: WIDGET,
			});
			const body = JSON.stringify({ id: "1", from: { id: "peer" }, text: "My money back!" });
			const { json } = await banter.request("POST", `/v1/channels/${channel.id}/messages`, {
				headers: { "content-type": "application/json", ...signed(channel.secret, body) },
				body,
			});
			const [step] = await until("the step waits", async () => {
				const open = await openSteps(banter);
				return open.length === 1 && open;
			});
			assert.deepEqual([step.class, step.conversationId], ["approve", json.conversationId]);
			await operatorDecides(banter, 200, step, "yes");
			await until("it is done", () => shop.ledger.length === 1);
		},
		{ ...shopOf({}), env: { WEBHOOK_ALLOW: "127.0.0.0/8" } },
	));

it("an unknown number is not above another", () =>
	withTools(
		"chat",
		refunds(50),
		async ({ banter }) => {
			assert.equal((await banter.chat("s", "?")).json.step.class, "confirm");
		},
		shopOf({ approveAbove: { amount: 50 } }),
	));

it("ends when a person takes over, or the conversation is erased", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop }) => {
			const { json } = await banter.chat("s", "My money back!");
			await adminExpect(banter, 200, "POST", `conversations/${json.conversationId}/takeover`, {
				name: "Kim",
			});
			assert.equal((await stateOf(banter, "refused")).id, json.step.id);
			assert.equal((await decide(banter, json.step, "yes")).status, 409);
			const other = (await banter.chat("t", "My money back!")).json;
			await adminExpect(banter, 204, "DELETE", `conversations/${other.conversationId}`);
			assert.equal((await decide(banter, other.step, "yes", "t")).status, 404);
			assert.equal(shop.ledger.length, 0);
			await expectTool(banter, 0, "verify");
		},
		shopOf({}),
	));

it("does not do what was not shown", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop, tool }) => {
			const { json } = await banter.chat("s", "My money back!");
			await adminExpect(banter, 200, "PUT", `tools/${tool.id}`, { url: `${shop.url}/once` });
			await decide(banter, json.step, "yes");
			assert.match(await followUp(banter), /not what was shown/);
			assert.deepEqual([shop.ledger.length, (await visitorSteps(banter))[0].state], [0, "failed"]);
		},
		shopOf({}),
	));

it("is not done on the visitor's word if the team has to decide by now", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop, tool }) => {
			const { json } = await banter.chat("s", "My money back!");
			await adminExpect(banter, 200, "PUT", `tools/${tool.id}`, { class: "approve" });
			await decide(banter, json.step, "yes");
			assert.match(await followUp(banter), /needs the decision of the team/);
			assert.deepEqual([shop.ledger.length, (await visitorSteps(banter))[0].state], [0, "failed"]);
		},
		shopOf({}),
	));

it("fails if the server refuses it, and nothing is unknown", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop }) => {
			shop.refunds = "refuse";
			const { json } = await banter.chat("s", "My money back!");
			await decide(banter, json.step, "yes");
			assert.match(await followUp(banter), /refunded before/);
			assert.equal((await visitorSteps(banter))[0].state, "failed");
			assert.equal((await conversation(banter, json)).conversation.state, "open");
		},
		shopOf({}),
	));

for (const [how, what] of [
	["drop", "the connection ends"],
	["hold", "no answer comes in time"],
	["status", "the server fails"],
])
	it(`is unknown if ${what}: a person gets the conversation, and decides`, () =>
		withTools(
			"chat",
			refunds(),
			async ({ banter, shop }) => {
				shop.refunds = how;
				const { json } = await banter.chat("s", "My money back!");
				await decide(banter, json.step, "yes");
				await stateOf(banter, "unknown");
				assert.match(await followUp(banter), /not known/);
				assert.equal((await conversation(banter, json)).conversation.state, "waiting");
				assert.equal((await decide(banter, json.step, "yes")).status, 200);
				const [step] = await openSteps(banter);
				assert.deepEqual([step.state, step.id], ["unknown", json.step.id]);
				shop.refunds = "answer";
				const again = (await banter.chat("s", "And now?")).json;
				assert.notEqual(again.status, "waiting");
				await operatorDecides(banter, 200, step, "done");
				assert.equal((await stateOf(banter, "done")).id, step.id);
				assert.deepEqual([shop.ledger.length, await openSteps(banter)], [1, []]);
			},
			shopOf({}),
		));

it("is not sent again when a connection that was kept ends", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop }) => {
			for (const session of ["a", "b"]) {
				shop.refunds = session === "a" ? "answer" : "drop";
				const { json } = await banter.chat(session, "My money back!");
				await decide(banter, json.step, "yes", session);
				await stateOf(banter, session === "a" ? "done" : "unknown", session);
			}
			assert.equal(shop.ledger.length, 2);
		},
		shopOf({}),
	));

it("an operator tries again what was not done", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop }) => {
			shop.refunds = "drop";
			const { json } = await banter.chat("s", "My money back!");
			await decide(banter, json.step, "yes");
			await stateOf(banter, "unknown");
			shop.ledger = [];
			shop.refunds = "answer";
			const [step] = await openSteps(banter);
			await operatorDecides(banter, 200, step, "again");
			await stateOf(banter, "done");
			assert.equal(shop.ledger.length, 1);
			assert.equal((await steps(banter, json))[0].tries, 2);
		},
		shopOf({}),
	));

for (const [what, fail] of [
	["is refused", (shop) => (shop.refunds = "refuse")],
	["cannot be sent", (shop) => shop.stop()],
])
	it(`stays unknown if the second request ${what}: the first may have done it`, () =>
		withTools(
			"chat",
			refunds(),
			async ({ banter, shop }) => {
				shop.refunds = "drop";
				const { json } = await banter.chat("s", "My money back!");
				await decide(banter, json.step, "yes");
				await stateOf(banter, "unknown");
				fail(shop);
				const [step] = await openSteps(banter);
				await operatorDecides(banter, 200, step, "again");
				const ended = await until("the second request has ended", async () => {
					const [{ state, tries }] = await steps(banter, json);
					return tries === 2 && state !== "running" && state;
				});
				assert.deepEqual([ended, shop.ledger.length], ["unknown", 1]);
				assert.equal((await openSteps(banter)).length, 1);
			},
			shopOf({}),
		));

it("is tried again for the person who has the conversation", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop }) => {
			shop.refunds = "drop";
			const { json } = await banter.chat("s", "My money back!");
			await decide(banter, json.step, "yes");
			await stateOf(banter, "unknown");
			await adminExpect(banter, 200, "POST", `conversations/${json.conversationId}/takeover`, {
				name: "Kim",
			});
			shop.refunds = "answer";
			const [step] = await openSteps(banter);
			await operatorDecides(banter, 200, step, "again");
			await stateOf(banter, "done");
			assert.equal((await conversation(banter, json)).conversation.state, "person");
		},
		shopOf({}),
	));

it("a test of the tool is no read either: it is not sent again, and may be unknown", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop, tool }) => {
			const test = async () =>
				(
					await adminExpect(banter, 200, "POST", `tools/${tool.id}/test`, {
						arguments: { order: "1042", amount: 1 },
					})
				).state;
			assert.equal(await test(), "done");
			shop.refunds = "drop";
			assert.equal(await test(), "unknown");
			assert.equal(shop.ledger.length, 2);
		},
		shopOf({}),
	));

it("is no other step after a restart, if an earlier run has stored only the second of its reads", () =>
	withTools(
		"chat",
		(to, request) => {
			const results = to.results(request);
			if (results.length === 0)
				return to.call([
					["find_order", '{"order":"1"}'],
					["find_order", '{"order":"2"}'],
				]);
			return results.length === 1
				? to.call([["refund", '{"order":"2","amount":3}']])
				: to.say(JSON.stringify(results.at(-1)));
		},
		async ({ banter, shop, tool }) => {
			const refund = await adminExpect(banter, 201, "POST", "tools", {
				...REFUND,
				url: `${shop.url}/refunds`,
			});
			await adminExpect(banter, 200, "PUT", `agents/${AGENT}`, { tools: [tool.id, refund.id] });
			const ask = () => banter.chat("s", "?", withId("m1"));
			const lost = ask().catch(() => undefined);
			await until("both reads wait", () => shop.held.length === 2);
			const second = shop.requests.findIndex(({ path }) => path.endsWith("/2"));
			shop.held[second].end('{"state":"second"}');
			const [{ _id: conversationId }] = (await adminExpect(banter, 200, "GET", "conversations"))
				.conversations;
			const stored = () => steps(banter, { conversationId });
			await until("the second read is stored", async () => (await stored()).length === 1);
			await banter.killWorkers(banter.workerPids());
			await lost;
			await until("it is back", async () => (await banter.get("/health/ready")).status === 200);
			const { json } = await ask();
			assert.deepEqual([json.status, json.step?.state], ["waiting", "waiting"]);
			const [step] = await visitorSteps(banter);
			assert.equal(step?.id, json.step.id);
			await decide(banter, step, "yes");
			await stateOf(banter, "done");
			assert.deepEqual(
				(await stored()).map(({ name }) => name),
				["find_order", "refund"],
			);
			assert.equal(shop.ledger.length, 1);
		},
		{ members: (shop) => ({ url: `${shop.url}/slow/{{args.order}}` }) },
	));

it("is repeated with the same key if the server does nothing twice", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop }) => {
			shop.refunds = "drop";
			const { json } = await banter.chat("s", "My money back!");
			await decide(banter, json.step, "yes");
			await until("the first request", () => shop.ledger.length === 1);
			shop.refunds = "answer";
			await stateOf(banter, "done");
			assert.deepEqual(shop.ledger, [{ order: "1042", amount: 12.5, key: json.step.id }]);
			assert.ok(shop.requests.length >= 2);
		},
		shopOf({ idempotent: true }, "once"),
	));

it("survives a restart while it waits", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop }) => {
			const { json } = await banter.chat("s", "My money back!");
			await banter.storaged.kill("SIGKILL");
			await banter.killWorkers(banter.workerPids());
			await until("it is back", async () => (await banter.get("/health/ready")).status === 200);
			assert.equal((await decide(banter, json.step, "yes")).status, 200);
			await stateOf(banter, "done");
			assert.equal(shop.ledger.length, 1);
		},
		shopOf({}),
	));

it("an import goes on with what waits, and does nothing that may have been done", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop }) => {
			for (const session of ["a", "b", "c"]) await banter.chat(session, "My money back!");
			const { stdout } = await expectTool(banter, 0, "export");
			const lines = stdout
				.trim()
				.split("\n")
				.map((line) => JSON.parse(line));
			const [a, b, c] = lines.filter(({ kind }) => kind === "step");
			const begun = { expires_at: 0, decider: "visitor", decided_at: 1, run: a.tool, tries: 1 };
			const other = ({ id }) => ({ ...begun, id: `${id.slice(0, -2)}63` });
			await importRecords(banter, [
				{ ...a, ...other(a), state: "running" },
				{ ...b, ...other(b), state: "proposed" },
				c,
			]);
			const states = async () =>
				(await Promise.all(["a", "b", "c"].map((one) => visitorSteps(banter, one)))).map(
					([{ state }]) => state,
				);
			assert.deepEqual(await states(), ["unknown", "unknown", "waiting"]);
			assert.deepEqual((await openSteps(banter)).length, 2);
			await expectTool(banter, 0, "verify");
			const [step] = await visitorSteps(banter, "c");
			await decide(banter, step, "yes", "c");
			await stateOf(banter, "done", "c");
			assert.deepEqual(await states(), ["unknown", "unknown", "done"]);
			await feedTool(banter, stdout, 0, "import", "-");
			assert.deepEqual(await states(), ["unknown", "unknown", "done"]);
			assert.equal(shop.ledger.length, 1);
			await expectTool(banter, 0, "verify");
		},
		shopOf({}),
	));

it("an agent is tried without doing anything", () =>
	withTools(
		"chat",
		refunds(),
		async ({ banter, shop }) => {
			const { text } = await banter.request("POST", `/v1/admin/agents/${AGENT}/test`, {
				headers: { "x-admin-api-key": ADMIN_KEY },
				body: { message: "?" },
			});
			assert.match(text, /nothing was done/);
			assert.equal(shop.ledger.length, 0);
		},
		shopOf({}),
	));

describe("a tool that changes something", () => {
	for (const [why, members, member] of [
		["needs a text", { confirmation: null }, "confirmation"],
		["needs post", { method: "get" }, "method"],
		["shows no secret", { confirmation: "{{secret}}" }, "confirmation"],
		["shows no unknown name", { confirmation: "{{args.nobody}}" }, "confirmation"],
		["has limits of numbers only", { approveAbove: { order: 5 } }, "approveAbove"],
		["has limits that are numbers", { approveAbove: { amount: "5" } }, "approveAbove"],
		["has limits only if it is no read", { class: "read", approveAbove: { amount: 5 } }, "class"],
	])
		it(why, () =>
			withTools("chat", refunds(), async ({ banter, shop }) => {
				const body = { ...REFUND, name: "other", url: `${shop.url}/refunds`, ...members };
				assertFields(await adminRequest(banter, "POST", "tools", body), [member]);
			}),
		);
});

/** How often somebody is killed. */
const ROUNDS = Number(process.env.FAULTS_ROUNDS ?? 8);

/** Kills a worker or storaged at a moment of a refund, and says what is known then. */
async function killDuring(banter, shop, session) {
	const { json } = await banter.chat(session, "My money back!", withId(session));
	const delay = below(120);
	const victim = below(3);
	const lost = decide(banter, json.step, "yes", session).catch(() => undefined);
	await new Promise((done) => setTimeout(done, delay));
	if (victim === 0) await banter.storaged.kill("SIGKILL");
	else await banter.killWorkers(banter.workerPids());
	await lost;
	await until("it is back", async () => (await banter.get("/health/ready")).status === 200);
	const step = await until("the step has ended", async () => {
		const [step] = await visitorSteps(banter, session).catch(() => []);
		if (step?.state === "waiting")
			await decide(banter, step, "yes", session).catch(() => undefined);
		return ["done", "failed", "unknown", "expired"].includes(step?.state) && step;
	});
	const times = shop.ledger.filter(({ key }) => key === step.id).length;
	return { state: step.state, times };
}

for (const [path, idempotent] of [
	["refunds", false],
	["once", true],
])
	it(`is never done twice, whoever is killed when (${path}, FAULTS_SEED=${SEED})`, () =>
		withTools(
			"chat",
			refunds(),
			async ({ banter, shop }) => {
				for (let round = 0; round < ROUNDS; round++) {
					const { state, times } = await killDuring(banter, shop, `s${round}`);
					assert.ok(times <= 1, `done ${times} times`);
					if (state === "done") assert.equal(times, 1);
					if (state === "failed" || state === "expired") assert.equal(times, 0);
				}
				await expectTool(banter, 0, "verify");
			},
			{ ...shopOf({ idempotent }, path), workers: 2 },
		));

it("refuses invalid requests", async () => {
	const hash = "0".repeat(64);
	await withBanter({ workers: 1 }, async (banter) => {
		const path = (id) => `${STEPS}/${id}/decision`;
		const body = { sessionId: "s", decision: "yes", hash };
		for (const [status, method, at, options] of [
			[400, "GET", `${STEPS}?sessionId=a%20b`, { headers: KEY }],
			[401, "GET", `${STEPS}?sessionId=s`],
			[401, "POST", path(NOBODY), { body }],
			[400, "POST", path("x"), { headers: KEY, body }],
			[400, "POST", path(NOBODY), { headers: KEY, body: { ...body, decision: "done" } }],
			[400, "POST", path(NOBODY), { headers: KEY, body: { ...body, hash: "x" } }],
			[400, "POST", path(NOBODY), { headers: KEY, body: { decision: "yes", hash } }],
			[404, "POST", path(NOBODY), { headers: KEY, body }],
			[413, "POST", path(NOBODY), { headers: { ...KEY, "content-length": "4097" } }],
		])
			await contract.drive(banter, status, method, at, options);
		for (const [status, method, at, options] of [
			[400, "GET", "steps?limit=0"],
			[400, "POST", "steps/x", { body: { decision: "yes", hash } }],
			[400, "POST", `steps/${NOBODY}`, { body: { decision: "yes", hash: "x".repeat(64) } }],
			[404, "POST", `steps/${NOBODY}`, { body: { decision: "yes", hash } }],
			[422, "POST", `steps/${NOBODY}`, { body: { decision: "perhaps", hash } }],
			[413, "POST", `steps/${NOBODY}`, { headers: { "content-length": "4097" } }],
		])
			await admin(banter, status, method, at, options);
	});
	const env = { RATE_LIMIT_MAX_REQUESTS: "1", RATE_LIMIT_WINDOW_MS: "86400000" };
	await withBanter({ workers: 1, env }, async (strict) => {
		const body = { sessionId: "s", decision: "yes", hash };
		for (let i = 0; i < 10; i++) await visitorSteps(strict);
		await contract.drive(strict, 429, "GET", `${STEPS}?sessionId=s`, { headers: KEY });
		await contract.drive(strict, 429, "POST", `${STEPS}/${NOBODY}/decision`, {
			headers: KEY,
			body,
		});
	});
});

it("shows every documented status", () => contract.assertComplete("tool-actions"));
