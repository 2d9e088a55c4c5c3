// A visitor's WebSocket while its agent, widget, contact, conversation or store changes.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until, useBanter, whileStopped } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import {
	changeWidget,
	conversationsOf,
	deleteConversation,
	deleteWidget,
	echo,
	exchanged,
	handshakeRefusal,
	makeWidget,
	openTabs,
	replyOf,
	resetWidget,
	said,
	summary,
	Visitor,
} from "./visitors.mjs";

const LONG = "[[tokens=3000 delay=20]]";

const banter = useBanter();

it("an agent is used with its current settings, until it is disabled, replaced or deleted", async () => {
	const first = { name: "A", purpose: "Be an A." };
	const agent = await adminExpect(banter, 201, "POST", "agents", first);
	const widget = await makeWidget(banter, { agent_id: agent.id });
	const one = await Visitor.open(banter, widget);
	const change = (members) => adminExpect(banter, 200, "PUT", `agents/${agent.id}`, members);
	assert.equal(await one.ask(echo("first")), "first");
	assert.deepEqual((await banter.modelSaw())[0], ["system", "Be an A."]);
	one.say(LONG);
	await one.upTo("typing_start");
	await change({ enabled: false, purpose: "Be a B." });
	// The running reply is not affected.
	one.say(echo("second"), "x");
	one.send({ type: "stop" });
	assert.equal((await one.upTo("typing_stop")).at(-1).type, "typing_stop");
	await one.isRefused("agent_disabled", "x", "The assistant is not available");
	await change({ enabled: true });
	assert.equal(await one.ask(echo("second"), "x"), "second");
	assert.deepEqual((await banter.modelSaw())[0], ["system", "Be a B."]);
	assert.equal(await banter.modelCalls("second"), 1);
	// It can be replaced, and then deleted.
	const next = { name: "C", purpose: "Be a C." };
	const { id } = await adminExpect(banter, 201, "POST", "agents", next);
	await adminExpect(banter, 409, "DELETE", `agents/${agent.id}`);
	await changeWidget(banter, widget, { agent_id: id });
	await adminExpect(banter, 204, "DELETE", `agents/${agent.id}`);
	assert.equal(await one.ask(echo("third")), "third");
	const [system, ...others] = await banter.modelSaw();
	assert.deepEqual(system, ["system", "Be a C."]);
	assert.ok(others.some(([, content]) => content === echo("first")));
});

describe("a widget with connected visitors", () => {
	for (const [what, end] of [
		["disabled", (widget) => changeWidget(banter, widget, { enabled: false })],
		["given a new id", (widget) => resetWidget(banter, widget)],
		["deleted", (widget) => deleteWidget(banter, widget)],
	])
		it(`${what} during a reply: the reply is stored, queued messages are not sent to the model`, async () => {
			const widget = await makeWidget(banter);
			const one = await Visitor.open(banter, widget, { stream: true });
			one.say(`[[tokens=9 hold-after=8]] ${what}`);
			one.say(echo(`waits, ${what}`));
			await one.upTo("token");
			await end(widget);
			assert.equal((await one.end())[0], 4404);
			await banter.release(what);
			const [{ _id }] = await until("its conversation", () => conversationsOf(banter, widget));
			const reply = await until("the reply is stored", async () => {
				const messages = await banter.messages(_id);
				return messages.length === 2 && messages[1];
			});
			assert.deepEqual([reply[0], reply[2]], ["assistant", "complete"]);
			assert.equal(await banter.modelCalls(`waits, ${what}`), 0);
			assert.equal((await handshakeRefusal(banter, widget)).status, 404);
		});

	it("that is restricted to other sites: connected visitors stay but cannot reconnect", async () => {
		const widget = await makeWidget(banter);
		const headers = { origin: "https://before.example" };
		const one = await Visitor.open(banter, widget, { headers });
		await changeWidget(banter, widget, { allowed_origins: ["https://after.example"] });
		assert.equal(await one.ask(echo("here")), "here");
		const refusal = await handshakeRefusal(banter, widget, { headers, token: one.token });
		assert.equal(refusal.status, 403);
		const back = await one.again({ headers: { origin: "https://after.example" } });
		assert.equal(back.history.length, 2);
	});
});

/**
 * The replies that a tab shows in the end, up to this one: those of the last history and those
 * after it.
 */
async function repliesAfterHistory(tab, last) {
	let [history, typing, replies] = [false, false, []];
	while (!history || typing || replies.at(-1) !== last) {
		const { type, messages, role, content } = await tab.next();
		if (type.startsWith("typing")) typing = type === "typing_start";
		if (type === "history") [history, replies] = [true, []];
		for (const one of messages ?? [{ role, content }])
			if (one.role === "assistant") replies.push(one.content);
	}
	return replies;
}

it("a conversation that is deleted while its visitor is connected during a reply: each tab is informed, and the next message starts a new one", async () => {
	const [one, two] = await openTabs(banter, 2);
	// The model is silent.
	one.say("[[tokens=3 hold-after=2]] silent", "x");
	one.say(echo("waited"), "y");
	for (const tab of [one, two]) await tab.upTo("typing_start");
	await deleteConversation(banter, one.widget);
	for (const tab of [one, two]) {
		assert.deepEqual(await tab.reply(), [["error", "conversation_deleted"], ["typing_stop"]]);
		assert.deepEqual(await repliesAfterHistory(tab, "waited"), ["waited"]);
	}
	two.say(echo("goes on"));
	assert.deepEqual(await two.reply(), replyOf("goes on"));
	assert.deepEqual((await one.reply())[0], ["message", echo("goes on"), "user"]);
	for (const tab of [one, two]) {
		assert.deepEqual(tab.frames, []);
		assert.deepEqual(said((await tab.again()).history), exchanged("waited", "goes on"));
	}
	assert.equal((await conversationsOf(banter, one.widget)).length, 1);
});

it("while the store is down for longer than any timeout the tabs stay, and repeated messages are answered once", async () => {
	const widget = { contact_info_mode: "optional", collect_email: true };
	const [one, two] = await openTabs(banter, 2, { widget });
	await one.ask(echo("before"));
	await two.upTo("typing_stop");
	await banter.stopStore();
	one.say(echo("meanwhile"), "x");
	const [failed] = await one.upTo("error");
	assert.deepEqual([failed.code, failed.id], ["store_unavailable", "x"]);
	assert.equal((await one.introduce({ email: "away@example.com" })).code, "store_unavailable");
	const refused = await handshakeRefusal(banter, one.widget, { token: one.token });
	assert.deepEqual([refused.status, refused.json.code], [503, "store_unavailable"]);
	assert.ok(Number(refused.headers["retry-after"]) > 0);
	banter.startStore();
	await banter.ready();
	assert.equal((await one.introduce({ email: "away@example.com" })).type, "contact_info_saved");
	assert.equal(await one.ask(echo("meanwhile"), "x"), "meanwhile");
	const texts = [];
	while (texts.at(-1) !== "meanwhile") {
		const frame = await two.next();
		if (frame.type === "message") texts.push(frame.content);
	}
	assert.deepEqual(texts, [echo("meanwhile"), "meanwhile"]);
	assert.equal(await banter.modelCalls("meanwhile"), 1);
	assert.equal((await one.again()).history.length, 4);
});

it("contact details are refused while others are being saved, which are kept", async () => {
	const asked = { contact_info_mode: "optional", collect_email: true };
	const one = await Visitor.open(banter, await makeWidget(banter, asked));
	await whileStopped([banter.storaged.pid], async () => {
		for (const email of ["first@example.com", "second@example.com"])
			one.send({ type: "contact_info", email });
		assert.deepEqual(summary(await one.next()), ["error", "contact_pending"]);
	});
	assert.deepEqual(summary(await one.next()), ["contact_info_saved"]);
	for (const [n, email] of [
		[1, "first@example.com"],
		[0, "second@example.com"],
	])
		assert.equal((await banter.adminGet(`/v1/admin/contacts?email=${email}`)).contacts.length, n);
});
