// Contact details: of sessions with a key, where whoever knows a session's id may say who writes in it, and of widgets' visitors.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, describe, it } from "node:test";
import { assertError, request } from "./client.mjs";
import { Feed } from "./feeds.mjs";
import { until, useBanter, withBanter } from "./harness.mjs";
import { adminExpect, LONGEST_EMAIL, WIDGET } from "./organizations.mjs";
import { KEY } from "./replies.mjs";
import { makeSession, makeWidget, Visitor } from "./visitors.mjs";

const banter = useBanter();

const SAVED = { type: "contact_info_saved" };
const list = async (kind) => (await adminExpect(banter, 200, "GET", kind))[kind];
const conversationOf = async ({ sessionId }) =>
	(await list("conversations")).find((one) => one.sessionId === sessionId);
/** The contact of the session's conversation. */
async function contactOf(session) {
	const { contactId } = await until("it has a conversation", () => conversationOf(session));
	return contactId && (await adminExpect(banter, 200, "GET", `contacts/${contactId}`));
}
const detailsOf = async (session) => {
	const { name, email, phone } = await contactOf(session);
	return { name, email, phone };
};
const poll = (session) => Feed.open(banter, session, { carrier: "poll" });
const message = { type: "message", content: "[[tokens=1]]" };

describe("contact details of a session with a key", () => {
	after(() => Feed.closeAll());

	it("are of its conversation, whether they come before or after the first message", async () => {
		for (const isFirst of [true, false]) {
			const session = makeSession();
			const visitor = await Visitor.open(banter, session);
			const details = { name: "Ann", email: `ann-${isFirst}@example.com`, phone: null };
			if (!isFirst) await visitor.ask("[[tokens=1]]");
			assert.deepEqual(await visitor.introduce(details), SAVED);
			if (isFirst) await visitor.ask("[[tokens=1]]");
			assert.deepEqual(await detailsOf(session), details);
		}
	});

	it("wait for the first message, in whatever way it comes, also at another process", async () => {
		const ways = [
			async (session) => (await Visitor.open(banter, session)).ask("[[tokens=1]]"),
			async (session) => (await poll(session)).post(message),
			({ sessionId }) =>
				request(banter.url, "POST", "/v1/chat", {
					headers: KEY,
					body: { sessionId, message: "[[tokens=1]]" },
				}),
		];
		for (const [i, write] of ways.entries()) {
			const session = makeSession();
			const details = { name: "Wim", email: `wim-${i}@example.com`, phone: `+31 20 ${i}` };
			const feed = await poll(session);
			assert.deepEqual((await feed.post({ type: "contact_info", ...details })).json, {
				frames: [SAVED],
			});
			await feed.close();
			await banter.killWorkers(banter.workerPids());
			await until("it is written", () => write(session).then(Boolean, () => false));
			assert.deepEqual(await detailsOf(session), details);
		}
	});

	it("are known to the session when it comes back, but not to another one", async () => {
		const session = makeSession();
		const is = async (expected, of = session) => {
			assert.equal((await Visitor.open(banter, of)).introduced, expected);
			assert.equal((await poll(of)).introduced, expected);
		};
		await is(false);
		const visitor = await Visitor.open(banter, session);
		await visitor.introduce({ email: "back@example.com" });
		await is(true);
		await visitor.ask("[[tokens=1]]");
		await is(true);
		await is(false, makeSession());
		// An erased visitor is asked again.
		const { _id } = await conversationOf(session);
		await adminExpect(banter, 204, "DELETE", `conversations/${_id}`);
		await is(false);
	});

	it("reach the other connections of the session", async () => {
		const session = makeSession();
		const one = await Visitor.open(banter, session);
		const two = await Visitor.open(banter, session);
		const three = await poll(session);
		assert.deepEqual(await one.introduce({ email: "tabs@example.com" }), SAVED);
		assert.deepEqual(await two.next(), SAVED);
		assert.deepEqual(await three.next(), SAVED);
	});

	it("are refused if they are invalid, with the reason of each field", async () => {
		const visitor = await Visitor.open(banter, makeSession());
		const feed = await poll(makeSession());
		const before = await list("contacts");
		for (const [details, wrong] of [
			[{ name: "A\nB", email: "nowhere", phone: "home" }, ["name", "email", "phone"]],
			[{ name: "Ann", email: "nowhere" }, ["email"]],
			[{ email: LONGEST_EMAIL }, ["email"]],
			[{ name: " " }, []],
		]) {
			const { code, fields } = await visitor.introduce(details);
			assert.deepEqual([code, Object.keys(fields)], ["invalid_contact_info", wrong]);
			const answer = await feed.post({ type: "contact_info", ...details });
			assertError(answer, 422, undefined, "invalid_contact_info");
			assert.deepEqual(answer.json.fields, fields);
		}
		assert.deepEqual(await list("contacts"), before);
	});

	it("fill what is empty of a known contact, and neither change nor show the rest", async () => {
		const known = await Visitor.open(banter, makeSession());
		await known.introduce({ name: "Zoe", email: "zoe@example.com" });
		const stranger = makeSession();
		const visitor = await Visitor.open(banter, stranger);
		const details = { name: "Eve", email: "ZOE@example.com", phone: "+1 555" };
		assert.deepEqual(await visitor.introduce(details), SAVED);
		await visitor.ask("[[tokens=1]]");
		assert.deepEqual(await detailsOf(stranger), {
			name: "Zoe",
			email: "zoe@example.com",
			phone: "+1 555",
		});
	});

	it("without a proof do not replace an identity that the site has proved", async () => {
		const { secret } = await adminExpect(banter, 200, "POST", `widgets/${WIDGET}/identity-secret`);
		const hash = createHmac("sha256", secret).update("42").digest("hex");
		for (const isFirst of [true, false]) {
			const session = makeSession();
			const visitor = await Visitor.open(banter, session);
			visitor.send({ type: "identify", userId: "42", hash, name: "Kim" });
			await visitor.upTo("contact_info_saved");
			if (!isFirst) await visitor.ask("[[tokens=1]]");
			const feed = await poll(session);
			await feed.post({ type: "contact_info", name: "Eve", email: "eve@example.com" });
			if (isFirst) await visitor.ask("[[tokens=1]]");
			const { name, email, user_id: userId } = await contactOf(session);
			assert.deepEqual([name, email, userId], ["Kim", null, "42"]);
		}
		assert.equal((await list("contacts")).filter(({ name }) => name === "Eve").length, 0);
	});

	it("go with everything else when the visitor is erased", async () => {
		const { sessionId } = makeSession();
		const feed = await poll({ sessionId });
		await feed.post({ type: "contact_info", email: "gone@example.com" });
		const erase = () => adminExpect(banter, 200, "DELETE", `visitors/${sessionId}`);
		await erase();
		const visitor = await Visitor.open(banter, { sessionId });
		assert.equal(visitor.introduced, false);
		await visitor.ask("[[tokens=1]]");
		assert.equal(await contactOf({ sessionId }), null);
	});

	it("count as messages for the rate limit", async () => {
		await withBanter({ env: { RATE_LIMIT_MAX_REQUESTS: "2" } }, async (limited) => {
			const feed = await Feed.open(limited, makeSession(), { carrier: "poll" });
			const statuses = [];
			for (let i = 0; i < 3; i++)
				statuses.push((await feed.post({ type: "contact_info", name: "N" })).status);
			assert.deepEqual(statuses, [202, 202, 429]);
			await feed.close();
		});
	});
});

describe("contact details of a widget's visitor", () => {
	const NAME = { collect_name: true };
	const NO = { settings: { operators: { askEmail: false } } };
	after(() => Feed.closeAll());

	/** Submits these details in turn, by both ways; resolves to what each answer says, and to the contact at the end. */
	async function submit(fields, ...all) {
		const results = [];
		for (const way of ["socket", "feed"]) {
			const widget = await makeWidget(banter, fields);
			const from = way === "socket" ? await Visitor.open(banter, widget) : await poll(widget);
			const said = [];
			let email = "";
			for (const details of all) {
				const given = details.email ? { ...details, email: `${way}-${details.email}` } : details;
				email = given.email ?? email;
				const answer =
					way === "socket"
						? await from.introduce(given)
						: (await from.post({ type: "contact_info", ...given })).json;
				said.push(answer.code ?? answer.frames?.[0].type ?? answer.type);
			}
			const [contact] = (await adminExpect(banter, 200, "GET", `contacts?email=${email}`)).contacts;
			results.push({ said, contact: contact && [contact.name, contact.phone] });
		}
		assert.deepEqual(results[0], results[1]);
		return results[0];
	}

	it("are the e-mail address that an absent person is left, whatever the widget collects", async () => {
		const saved = SAVED.type;
		const none = await submit({}, { name: "Zoe", email: "none@example.com", phone: "+1 555" });
		assert.deepEqual(none, { said: [saved], contact: [null, null] });
		for (const mode of ["optional", "required"]) {
			const fields = { ...NAME, contact_info_mode: mode };
			const after = await submit(fields, { name: "Zoe" }, { email: `${mode}@example.com` });
			assert.deepEqual(after, { said: [saved, saved], contact: ["Zoe", null] });
		}
		const early = await submit(
			{ ...NAME, contact_info_mode: "required" },
			{ email: "e@e.example" },
		);
		assert.deepEqual(early, { said: ["invalid_contact_info"], contact: undefined });
		const wrong = await submit({}, { email: "nowhere" });
		assert.deepEqual(wrong.said, ["invalid_contact_info"]);
	});

	it("are refused by a widget that asks for none, also for the e-mail address", async () => {
		const none = await submit(NO, { email: "no@example.com" });
		assert.deepEqual(none, { said: ["contact_not_asked"], contact: undefined });
		const named = await submit(
			{ ...NO, ...NAME, contact_info_mode: "optional" },
			{ name: "Zoe", email: "named@example.com" },
		);
		assert.deepEqual(named, { said: [SAVED.type], contact: undefined });
	});
});
