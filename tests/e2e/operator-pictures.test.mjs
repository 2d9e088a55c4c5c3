// The pictures of people: set in the own profile or by an owner, and seen by visitors beside old and new messages. Which
// pictures a page of messages comes with: unit/storaged/inbox/takeover.scenario.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN, addUser, logIn } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { Feed } from "./feeds.mjs";
import { openSession } from "./followers.mjs";
import { useBanter, withBanter } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { history, KEY } from "./replies.mjs";
import { expectTool, feedTool } from "./tool.mjs";
import { makeSession, makeWidget, Visitor } from "./visitors.mjs";

const contract = new Contract();

const ANN = "https://pictures.example/ann.png?size=96&v=1";
const NEW = "https://pictures.example/ann-2.png";
const LONGEST = `https://a.example/${"x".repeat(2000 - 18)}`;

let users = 0;

/** A member of the organization who signed in; resolves to the headers and to the user. */
async function signIn(banter, name = "Ann") {
	const session = await logIn(
		banter,
		await addUser(banter, `ann${++users}@example.com`, "--name", name),
	);
	const { user } = await adminExpect(banter, 200, "GET", "me", undefined, session);
	return { session, user };
}

const putMe = (banter, status, body, headers) =>
	contract.drive(banter, status, "PUT", "/v1/admin/me", { headers, body });

async function setPicture(banter, { session }, picture) {
	const { json } = await putMe(banter, 200, { picture }, session);
	assert.equal(json.user.picture, picture || null);
}

const act = (banter, id, what, headers, body = {}) =>
	adminExpect(
		banter,
		what === "messages" ? 201 : 200,
		"POST",
		`conversations/${id}/${what}`,
		body,
		headers,
	);

const write = (banter, id, { session }, content) =>
	act(banter, id, "messages", session, { content, clientMessageId: content });

describe("a user's picture", () => {
	const banter = useBanter({ env: { TRUSTED_PROXIES: "127.0.0.1,::1" } });

	it("is set and removed in the own profile, and is in the lists of users and people", async () => {
		const ann = await signIn(banter);
		assert.equal(ann.user.picture, null);
		for (const picture of [ANN, LONGEST, "", ANN, null, ANN])
			await setPicture(banter, ann, picture);
		const { json } = await putMe(banter, 200, { name: "Ann" }, ann.session);
		assert.equal(json.user.picture, ANN, "another member leaves it unchanged");
		const { people } = await adminExpect(banter, 200, "GET", "people");
		assert.deepEqual(
			people.find(({ id }) => id === ann.user.id),
			{ id: ann.user.id, name: "Ann", picture: ANN, availability: "away" },
		);
	});

	for (const [what, picture] of [
		["without TLS", "http://a.example/a.png"],
		["of a script", "javascript:alert(1)"],
		["of data", "data:image/png;base64,AAAA"],
		["of no host", "https:///a.png"],
		["with a user", "https://jane:secret@a.example/a.png"],
		["of the visitor's machine", "https://127.0.0.1/a.png"],
		["of the visitor's machine, escaped", "https://127.0.0.%31/a.png"],
		["of the visitor's machine by name", "https://LOCALHOST:8443/a.png"],
		["of the visitor's machine as a number", "https://2130706433/a.png"],
		["of a private network", "https://0xa.1/a.png"],
		["of a name without a domain", "https://intranet/a.png"],
		["of a local name", "https://printer.local./a.png"],
		["with an invalid port", "https://a.example:70000/a.png"],
		["that ends an attribute", 'https://a.example/"><script>'],
		["that ends a url() of CSS", "https://a.example/a.png)"],
		["with a space", "https://a.example/a b.png"],
		["that is too long", `${LONGEST}x`],
		["that is no text", 1],
	])
		it(`is refused with 422 if it is an address ${what}`, async () => {
			const ann = await signIn(banter);
			const { json } = await putMe(banter, 422, { picture }, ann.session);
			assert.deepEqual(Object.keys(json.fields), ["picture"]);
			assert.match(json.fields.picture, /^must be an address such as https:/);
			const body = { picture };
			const { fields } = await adminExpect(banter, 422, "PUT", `users/${ann.user.id}`, body);
			assert.deepEqual(Object.keys(fields), ["picture"]);
		});

	it("is set by owners, also of a new user", async () => {
		const body = { email: "bob@example.com", password: "a long password", picture: ANN };
		const bob = await adminExpect(banter, 201, "POST", "users", body);
		assert.equal(bob.picture, ANN);
		const path = `users/${bob.id}`;
		const change = (members) => adminExpect(banter, 200, "PUT", path, members);
		assert.equal((await change({ name: "Bob" })).picture, ANN);
		assert.equal((await change({ picture: NEW })).picture, NEW);
		assert.equal((await adminExpect(banter, 200, "GET", path)).picture, NEW);
		assert.equal((await change({ picture: null })).picture, null);
	});

	it("may be loaded by the dashboard's page, and by no other", async () => {
		const sources = async (path) => {
			const { headers } = await banter.request("GET", path);
			return /img-src ([^;]*)/.exec(headers["content-security-policy"])[1];
		};
		assert.equal(await sources("/login"), "'self' data: blob: https:");
		assert.equal(await sources("/widget-test.html"), "'self' data:");
		assert.equal(await sources("/headless-test.html"), "'self' data:");
	});

	it("is not for callers without a user", async () => {
		const answer = await putMe(banter, 403, { picture: ANN }, ADMIN);
		assertError(answer, 403, "Only a user has a profile");
	});
});

describe("visitors see the picture of who answers", () => {
	const banter = useBanter({ workers: 2, env: { TRUSTED_PROXIES: "127.0.0.1,::1" } });

	/** A visitor who knows people, and whose conversation Ann has. */
	async function joined(options = {}) {
		const ann = await signIn(banter);
		const widget = await makeWidget(banter);
		const visitor = await Visitor.open(banter, widget, { operators: true, ...options });
		assert.equal(await visitor.ask("[[echo]] hi"), "hi");
		const [{ _id }] = (await banter.conversations()).conversations;
		return { ann, widget, visitor, id: _id };
	}

	it("in each live frame and in the history of a WebSocket", async () => {
		const { ann, visitor, id } = await joined();
		await setPicture(banter, ann, ANN);
		await act(banter, id, "takeover", ann.session);
		assert.deepEqual(await visitor.next(), {
			...{ type: "operator", state: "joined", name: "Ann", picture: ANN },
		});
		await write(banter, id, ann, "Hello");
		const author = { name: "Ann", picture: ANN };
		const [message] = (await visitor.upTo("message")).slice(-1);
		assert.deepEqual([message.role, message.author], ["operator", author]);
		await visitor.upTo("typing_stop");
		visitor.say("there?");
		assert.deepEqual((await visitor.upTo("handover")).at(-1), {
			...{ type: "handover", state: "person", operator: "Ann", picture: ANN },
		});
		const other = await visitor.again({ operators: true, history: true });
		assert.deepEqual(other.history[2].author, author);
		assert.deepEqual((await other.next()).picture, ANN);

		// A new picture is beside the old messages, too.
		await setPicture(banter, ann, NEW);
		const later = await visitor.again({ operators: true, history: true });
		assert.deepEqual(later.history[2].author, { name: "Ann", picture: NEW });
		const before = later.history[3].id;
		later.send({ type: "history", before });
		const [page] = (await later.upTo("history")).slice(-1);
		assert.deepEqual(page.messages[2].author, { name: "Ann", picture: NEW });
		await setPicture(banter, ann, null);
		const last = await visitor.again({ operators: true });
		assert.deepEqual(last.history[2].author, { name: "Ann" });
		assert.deepEqual(await last.next(), { type: "operator", state: "joined", name: "Ann" });
	});

	for (const carrier of ["sse", "ndjson", "poll"])
		it(`in the frames over ${carrier}`, async () => {
			const ann = await signIn(banter);
			await setPicture(banter, ann, ANN);
			const session = makeSession();
			const { conversationId } = (await banter.chat(session.sessionId, "[[echo]] hi")).json;
			await act(banter, conversationId, "takeover", ann.session);
			await write(banter, conversationId, ann, "Hello");
			const feed = await Feed.open(banter, session, { carrier, operators: true });
			const frames = [await feed.next(), await feed.next()];
			assert.deepEqual(frames[0].messages[2].author, { name: "Ann", picture: ANN });
			assert.deepEqual(frames[1].picture, ANN);
			await write(banter, conversationId, ann, "again");
			let frame;
			do frame = await feed.next();
			while (frame.type !== "message");
			assert.deepEqual(frame.author, { name: "Ann", picture: ANN });
			await feed.close();
		});

	it("in a session's events, its history and its handovers", async () => {
		const ann = await signIn(banter);
		await setPicture(banter, ann, ANN);
		const { conversationId } = (await banter.chat("by-key", "[[echo]] hi")).json;
		const events = await openSession(banter, "by-key", { operators: 1 });
		await act(banter, conversationId, "takeover", ann.session);
		await write(banter, conversationId, ann, "Hello");
		const person = { name: "Ann", picture: ANN };
		let event;
		do event = await events.next();
		while (event.operator === null || event.type !== "state");
		assert.deepEqual(event.operator, person);
		do event = await events.next();
		while (event.type !== "message");
		assert.deepEqual(event.author, person);
		const { messages } = (await history(banter, "by-key", { operators: 1 })).json;
		assert.deepEqual(messages[2].author, person);
		const body = { sessionId: "by-key", message: "there?", operators: true };
		const answer = await contract.drive(banter, 200, "POST", "/v1/chat", { headers: KEY, body });
		assert.deepEqual([answer.json.operator, answer.json.picture], ["Ann", ANN]);
	});

	it("but clients that do not know people see nothing of it", async () => {
		const { ann, visitor, id } = await joined({ operators: false });
		await setPicture(banter, ann, ANN);
		await act(banter, id, "takeover", ann.session);
		await write(banter, id, ann, "Hello");
		const frames = await visitor.upTo("message");
		const other = await visitor.again();
		assert.ok(!JSON.stringify([frames, other.history]).includes("picture"));
	});
});

it("an export and its import keep pictures, and an older export has none", () =>
	withBanter({ env: { TRUSTED_PROXIES: "127.0.0.1,::1" } }, async (banter) => {
		const ann = await signIn(banter);
		await setPicture(banter, ann, ANN);
		const { stdout } = await expectTool(banter, 0, "export");
		assert.ok(stdout.includes(`"picture":"${ANN}"`));
		const older = stdout
			.replace(/,"picture":"[^"]*"/, "")
			.replace('"format":2', '"format":1')
			.replace(/,"xxh3":"\w+"/, "");
		for (const [text, picture] of [
			[stdout, ANN],
			[older, null],
		])
			await withBanter({}, async (empty) => {
				await feedTool(empty, text, 0, "import", "-");
				const { people } = await adminExpect(empty, 200, "GET", "people");
				assert.deepEqual(people, [{ id: ann.user.id, name: "Ann", picture, availability: "away" }]);
				await expectTool(empty, 0, "verify");
			});
	}));
