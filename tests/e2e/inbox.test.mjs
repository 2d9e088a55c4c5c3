// The inbox in the admin API: state, assignment, tags, notes, counts and ratings of conversations, and merging of
// contacts. Which conversations each list contains is shown in unit/storaged/inbox/inbox.scenario.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { addUser, logIn } from "./accounts.mjs";
import { Contract } from "./contract.mjs";
import { until, useBanter } from "./harness.mjs";
import {
	ADMIN,
	adminExpect,
	assertFields,
	assertVersioned,
	bare,
	NOBODY,
	openImporter,
	openVisitor,
	storeTurn,
	submitContact,
	usePeer,
	WIDGET,
} from "./organizations.mjs";
import { KEY } from "./replies.mjs";
import { expectTool } from "./tool.mjs";
import { makeWidget, Visitor } from "./visitors.mjs";

const contract = new Contract();

const drive = (banter, status, method, path, body, headers = ADMIN) =>
	contract.drive(banter, status, method, `/v1/admin/${path}`, { headers, body });

const TOO_LONG = (bytes) => ({ ...ADMIN, "content-length": String(bytes) });

describe("the inbox", () => {
	const banter = useBanter();
	const store = usePeer(banter);
	const send = async (...request) => (await drive(banter, ...request)).json;
	let anna, me, id, tag;
	const path = () => `conversations/${id}`;
	const change = async (body, headers) =>
		(await send(200, "PUT", path(), body, headers)).conversation;

	before(async () => {
		anna = await logIn(banter, await addUser(banter, "anna@inbox.example"));
		me = (await send(200, "GET", "me", undefined, anna)).user.id;
		id = (await banter.chat("inbox", "[[tokens=1]]")).json.conversationId;
		tag = (await send(201, "POST", "tags", { name: "Delivery", color: "#fff" })).id;
	});

	it("shows a new conversation as open, unread, and of nobody", async () => {
		const { conversation, messages } = await send(200, "GET", path());
		const { state, assignedTo, tags, unread, page } = conversation;
		assert.deepEqual([state, assignedTo, tags, unread, page], ["open", null, [], true, null]);
		const { model, rating } = messages[1];
		assert.deepEqual([typeof model.name, model.attempts, rating], ["string", 1, null]);
		assert.ok(model.firstTokenMs <= model.totalMs);
	});

	it("changes the members that are named, which lists and counts show", async () => {
		await change({ state: "waiting", assignedTo: me, tags: [tag] });
		const changed = await change({ read: true }, anna);
		const { state, assignedTo, tags, unread } = changed;
		assert.deepEqual([state, assignedTo, tags, unread], ["waiting", me, [tag], false]);
		for (const query of ["state=waiting", `tag=${tag}`, "assignedTo=me", `assignedTo=${me}`]) {
			const list = await send(200, "GET", `conversations?${query}`, undefined, anna);
			assert.deepEqual(list.conversations, [changed], query);
		}
		for (const query of ["state=open", "unread=true", "assignedTo=nobody"]) {
			const list = await send(200, "GET", `conversations?${query}`, undefined, anna);
			assert.deepEqual(list.conversations, [], query);
		}
		assert.deepEqual(await send(200, "GET", "counts", undefined, anna), {
			...{
				all: 1,
				open: 0,
				waiting: 1,
				person: 0,
				resolved: 0,
				mine: 1,
				unassigned: 0,
				mentions: 0,
				snoozed: 0,
			},
			...{ users: { [me]: 1 }, widgets: { [WIDGET]: 1 }, tags: { [tag]: 1 } },
		});
		await change({ state: "resolved", assignedTo: null, tags: [] });
		await banter.chat("inbox", "[[tokens=1]]");
		assert.equal((await change({})).state, "open");
	});

	it("adds and removes tags, and keeps those that somebody else has set meanwhile", async () => {
		const other = (await send(201, "POST", "tags", { name: "Urgent", color: "#fff" })).id;
		const tags = async (body) => (await change(body)).tags;
		assert.deepEqual(await tags({ addTags: [tag] }), [tag]);
		assert.deepEqual(await tags({ addTags: [other] }), [tag, other]);
		assert.deepEqual(await tags({ addTags: [other] }), [tag, other], "once more");
		assert.deepEqual(await tags({ removeTags: [tag] }), [other]);
		assert.deepEqual(await tags({ removeTags: [tag, NOBODY] }), [other], "once more");
		assert.deepEqual(await tags({ addTags: [tag], removeTags: [other] }), [tag]);
		await send(204, "DELETE", `tags/${other}`);
		const refused = async (body, fields) =>
			assertFields(await drive(banter, 422, "PUT", path(), body), fields);
		await refused({ addTags: [other] }, ["addTags"]);
		await refused({ addTags: ["x"], removeTags: [1] }, ["addTags", "removeTags"]);
		await refused({ tags: [tag], addTags: [], removeTags: [] }, ["addTags", "removeTags"]);
		assert.deepEqual(await tags({ tags: [] }), []);
	});

	it("refuses invalid filters", async () => {
		for (const query of ["state=x", "tag=x", "assignedTo=x", "assignedTo=me", "unread=1"])
			await send(400, "GET", `conversations?${query}`);
	});

	it("refuses invalid changes, all at once", async () => {
		const body = { state: "person", assignedTo: "x", tags: [1], read: 2, more: 1 };
		const answer = await drive(banter, 422, "PUT", path(), body);
		assertFields(answer, ["state", "assignedTo", "tags", "read", "more"]);
		assertFields(await drive(banter, 422, "PUT", path(), { tags: [tag, tag] }), ["tags"]);
		assertFields(await drive(banter, 422, "PUT", path(), { tags: [NOBODY] }), ["tags"]);
		const nobody = { assignedTo: NOBODY };
		assertFields(await drive(banter, 422, "PUT", path(), nobody), ["assignedTo"]);
	});

	it("is read with all others", async () => {
		await change({ read: false }, anna);
		await send(204, "POST", "conversations/read", undefined, anna);
		const list = () => send(200, "GET", "conversations?unread=true", undefined, anna);
		assert.deepEqual((await list()).conversations, []);
		assert.equal((await change({}, anna)).unread, false);
	});

	it("is followed by each user apart", async () => {
		const follow = (status, body, headers = anna) =>
			send(status, "PUT", `${path()}/following`, body, headers);
		const following = async (headers) =>
			(await send(200, "GET", path(), undefined, headers)).conversation.following;
		assert.equal(await following(anna), false);
		await follow(204, { following: true });
		await change({ read: true }, anna);
		assert.deepEqual([await following(anna), await following(ADMIN)], [true, false]);
		await follow(204, { following: false });
		assert.equal(await following(anna), false);
		await follow(422, {});
		await follow(400, "[]");
		await follow(413, undefined, TOO_LONG(4097));
		await send(404, "PUT", `conversations/${NOBODY}/following`, { following: true });
	});

	it("lists the notes that mention a user, for this user", async () => {
		const ben = await logIn(banter, await addUser(banter, "ben@inbox.example", "--name", "Ben"));
		const him = (await send(200, "GET", "me", undefined, ben)).user.id;
		const other = (await banter.chat("mentions", "[[tokens=1]]")).json.conversationId;
		const write = (where, text, mentions) =>
			send(201, "POST", `conversations/${where}/notes`, { text, mentions }, anna);
		const listed = async (headers, query = "") =>
			(await send(200, "GET", `mentions${query}`, undefined, headers)).mentions;
		const unread = async (headers) =>
			(await send(200, "GET", "counts", undefined, headers)).mentions;
		const first = await write(id, "@Ben, please look", [him]);
		const second = await write(other, "@Ben, and here", [him, me]);
		assert.deepEqual([first.mentions, second.mentions], [[him], [him, me]]);
		const shown = [
			{ ...second, readAt: null },
			{ ...first, readAt: null },
		];
		assert.deepEqual(await listed(ben), shown);
		// The author knows, and a key names a user.
		assert.deepEqual(await listed(anna), []);
		assert.deepEqual(await listed(ADMIN, `?userId=${him}`), shown);
		assert.equal(await unread(ben), 2);
		assert.equal(await unread(ADMIN), 0);
		const page = await send(200, "GET", "mentions?limit=1", undefined, ben);
		assert.deepEqual(page.mentions, shown.slice(0, 1));
		const next = `mentions?limit=1&cursor=${page.nextCursor}`;
		assert.deepEqual(await send(200, "GET", next, undefined, ben), {
			mentions: shown.slice(1),
			nextCursor: null,
		});
		await send(204, "PUT", `mentions/${first.id}`, { read: true }, ben);
		assert.ok((await listed(ben))[1].readAt > first.createdAt);
		await send(204, "PUT", `mentions/${first.id}`, { read: false }, ben);
		await send(204, "POST", "mentions/read", { conversationId: other }, ben);
		assert.deepEqual(
			(await listed(ben)).map(({ readAt }) => readAt !== null),
			[true, false],
		);
		await send(204, "POST", "mentions/read", {}, ben);
		assert.equal(await unread(ben), 0);
		assert.deepEqual(await listed(ADMIN), []);
		for (const query of ["?userId=x", "?limit=0", `?userId=${NOBODY}&limit=0`])
			await send(400, "GET", `mentions${query}`);
		await send(400, "GET", `mentions?userId=${me}`, undefined, ben);
		await send(400, "PUT", "mentions/x", { read: true }, ben);
		await send(404, "PUT", `mentions/${first.id}`, { read: true });
		await send(404, "PUT", `mentions/${first.id}`, { read: true }, anna);
		await send(400, "PUT", `mentions/${first.id}`, "[]", ben);
		await send(400, "POST", "mentions/read", "[]", ben);
		await send(413, "PUT", `mentions/${first.id}`, undefined, TOO_LONG(4097));
		await send(413, "POST", "mentions/read", undefined, TOO_LONG(4097));
		await send(422, "PUT", `mentions/${first.id}`, {}, ben);
		await send(422, "POST", "mentions/read", { conversationId: 1 }, ben);
		const body = (mentions) => ({ text: "x", mentions });
		const { fields } = await send(422, "POST", `${path()}/notes`, body([him, NOBODY]), anna);
		assert.deepEqual(fields, { mentions: "must be ids of users" });
		for (const mentions of ["x", [1], Array(21).fill(him)])
			await send(422, "POST", `${path()}/notes`, body(mentions), anna);
		await send(204, "DELETE", `${path()}/notes/${first.id}`, undefined, anna);
		await send(204, "DELETE", `conversations/${other}`);
		assert.deepEqual(await listed(ben), []);
	});

	it("has notes", async () => {
		const notes = `${path()}/notes`;
		const note = await send(201, "POST", notes, { text: "Private." }, anna);
		assert.deepEqual([note.author, note.text, note.conversationId], [me, "Private.", id]);
		assert.equal(note.authorName, "anna@inbox.example");
		assert.deepEqual(await send(200, "GET", notes), { notes: [note], nextCursor: null });
		await send(204, "DELETE", `${notes}/${note.id}`);
		await send(404, "DELETE", `${notes}/${note.id}`);
		await send(400, "DELETE", `${notes}/x`);
		await send(400, "GET", `${notes}?limit=0`);
		await send(404, "GET", `conversations/${NOBODY}/notes`);
		await send(400, "POST", notes, "[]");
		await send(404, "POST", `conversations/${NOBODY}/notes`, { text: "x" });
		await send(413, "POST", notes, undefined, TOO_LONG(65537));
		await send(422, "POST", notes, {});
		for (let i = 0; i < 500; i++) await adminExpect(banter, 201, "POST", notes, { text: "x" });
		await send(409, "POST", notes, { text: "one too many" });
	});

	for (const [kind, fields, other, max, bytes] of [
		["tags", { name: "One", color: "#000" }, { name: "Two" }, 200, 4097],
		["snippets", { name: "One", text: "1" }, { text: "2" }, 1000, 65537],
		["teams", { name: "One", members: [] }, { name: "Two" }, 50, 65537],
	])
		it(`has ${kind}`, async () => {
			const one = await send(201, "POST", kind, fields);
			assert.deepEqual(await send(200, "GET", `${kind}/${one.id}`), one);
			const changed = await send(200, "PUT", `${kind}/${one.id}`, other);
			const since = kind === "teams" ? { updatedAt: 0 } : { updated_at: 0 };
			assert.deepEqual({ ...changed, ...since }, { ...one, ...other, ...since });
			const list = (await send(200, "GET", kind))[kind];
			assert.deepEqual(list.at(-1), changed);
			const put = (status, path, body, headers) =>
				drive(banter, status, "PUT", path, body, headers);
			await assertVersioned(put, `${kind}/${one.id}`, changed, { name: "Mine" });
			await send(400, "GET", `${kind}?limit=0`);
			for (const [method, body] of [["GET"], ["PUT", {}], ["DELETE"]]) {
				await send(404, method, `${kind}/${NOBODY}`, body);
				await send(400, method, `${kind}/x`, body);
			}
			await send(400, "POST", kind, "[]");
			await send(422, "POST", kind, {});
			await send(413, "POST", kind, undefined, TOO_LONG(bytes));
			await send(422, "PUT", `${kind}/${one.id}`, { name: "" });
			await send(413, "PUT", `${kind}/${one.id}`, undefined, TOO_LONG(bytes));
			for (let i = list.length; i < max; i++)
				await adminExpect(banter, 201, "POST", kind, {
					name: `${i}`,
					text: kind === "snippets" ? "x" : undefined,
				});
			await send(409, "POST", kind, { ...fields, name: "one too many" });
			if (kind === "tags") await send(409, "PUT", `tags/${one.id}`, { name: "Delivery" });
			if (kind === "teams") await send(409, "PUT", `teams/${one.id}`, { name: "2" });
			await send(204, "DELETE", `${kind}/${one.id}`);
		});

	it("has teams of users who exist", async () => {
		const [{ id: team }] = (await send(200, "GET", "teams")).teams;
		const joe = await addUser(banter, "joe@inbox.example");
		const him = (await send(200, "GET", "me", undefined, await logIn(banter, joe))).user.id;
		const members = async () => (await send(200, "GET", `teams/${team}`)).members;
		await send(200, "PUT", `teams/${team}`, { members: [me, him] });
		assert.deepEqual(await members(), [me, him]);
		const { fields } = await send(422, "PUT", `teams/${team}`, { members: [me, NOBODY] });
		assert.deepEqual(fields, { members: "must be ids of users" });
		await adminExpect(banter, 204, "DELETE", `users/${him}`);
		assert.deepEqual(await members(), [me]);
	});

	it("lets only owners delete tags, and change teams", async () => {
		const member = await logIn(banter, await addUser(banter, "member@inbox.example", "--member"));
		const [{ id: team }] = (await send(200, "GET", "teams", undefined, member)).teams;
		await send(200, "GET", `teams/${team}`, undefined, member);
		await send(403, "POST", "teams", { name: "Mine" }, member);
		await send(403, "PUT", `teams/${team}`, { name: "Mine" }, member);
		await send(403, "DELETE", `teams/${team}`, undefined, member);
		await send(403, "DELETE", `tags/${tag}`, undefined, member);
		await send(200, "GET", "tags", undefined, member);
	});

	it("merges contacts", async () => {
		const [{ widget_id: publicId }] = (await send(200, "GET", "widgets")).widgets;
		const [ada, bob] = [
			await openVisitor(store.peer, publicId),
			await openVisitor(store.peer, publicId),
		];
		const conversation = await storeTurn(bob);
		const one = await submitContact(ada, { name: "Ada" });
		const two = await submitContact(bob, { email: "bob@inbox.example" });
		const merge = (status, body, headers) =>
			send(status, "POST", `contacts/${one}/merge`, body, headers);
		const { name, email } = await merge(200, { contactId: two });
		assert.deepEqual([name, email], ["Ada", "bob@inbox.example"]);
		const { contactId } = (await send(200, "GET", `conversations/${conversation}`)).conversation;
		assert.equal(contactId, one);
		assert.equal((await merge(200, { contactId: two })).id, one);
		await merge(404, { contactId: NOBODY });
		const importer = await openImporter(banter);
		const moving = await importer.add("contact", { merging: bare(one) });
		importer.close();
		const opposite = await send(409, "POST", `contacts/${moving}/merge`, { contactId: one });
		assert.equal(opposite.code, "merging");
		await merge(422, { contactId: one });
		await merge(400, "[]");
		await merge(413, undefined, TOO_LONG(4097));
	});

	it("shows a visitor's rating", async () => {
		const { messageId, conversationId } = (await banter.chat("rates", "[[tokens=1]]")).json;
		const rate = (status, reply, body) =>
			contract.drive(banter, status, "POST", `/v1/chat/${reply}/rating`, { headers: KEY, body });
		const rating = { sessionId: "rates", rating: "down", comment: "No." };
		await rate(204, messageId, rating);
		const rated = async () =>
			(await send(200, "GET", `conversations/${conversationId}`)).messages[1].rating;
		assert.deepEqual(await rated(), { rating: "down", comment: "No." });
		await rate(204, messageId, { ...rating, rating: "none" });
		assert.equal(await rated(), null);
		await rate(404, messageId, { ...rating, sessionId: "other" });
		for (const wrong of [
			{ rating: "x" },
			{ comment: 1 },
			{ comment: "x".repeat(1001) },
			{ sessionId: "a b" },
		])
			await rate(400, messageId, { ...rating, ...wrong });
	});

	it("shows a visitor's page", async () => {
		const page = {
			url: "https://shop.example/",
			title: "Shop",
			referrer: "javascript:x",
			language: "de",
		};
		const say = (body) =>
			contract.drive(banter, 200, "POST", "/v1/chat", {
				headers: { ...KEY, "user-agent": "Test/1" },
				body: { sessionId: "page", message: "[[tokens=1]]", ...body },
			});
		const { conversationId } = (await say({ page })).json;
		const shown = async (one) => (await send(200, "GET", `conversations/${one}`)).conversation.page;
		const { at, ...rest } = await shown(conversationId);
		assert.ok(Math.abs(Date.now() - at) < 60_000);
		const missing = { referrer: null, timezone: null };
		assert.deepEqual(rest, { ...page, ...missing, browser: "Test/1" });
		await drive(banter, 200, "GET", `conversations/${conversationId}`);
		await contract.drive(banter, 400, "POST", "/v1/chat", {
			headers: KEY,
			body: { sessionId: "page", message: "x", page: "x" },
		});
	});

	it("shows the page and the rating of a widget's visitor", async () => {
		const visitor = await Visitor.open(banter, await makeWidget(banter), {
			stream: true,
			headers: { "user-agent": "Test/1" },
		});
		visitor.send({ type: "page", url: "https://shop.example/one" });
		const reply = await visitor.ask("[[tokens=1]]");
		const [{ _id: one }] = (await send(200, "GET", "conversations?limit=1")).conversations;
		const shown = () => send(200, "GET", `conversations/${one}`);
		const { url, browser } = (await shown()).conversation.page;
		assert.deepEqual([url, browser], ["https://shop.example/one", "Test/1"]);
		visitor.send({ type: "page", url: "https://shop.example/two" });
		visitor.send({ type: "rating", id: (await shown()).messages[1]._id, rating: "up" });
		await until("both are stored", async () => {
			const { conversation, messages } = await shown();
			return conversation.page.url.endsWith("two") && messages[1].rating?.rating === "up";
		});
		assert.ok(reply);
		await visitor.close();
	});

	it("leaves a whole store", () => expectTool(banter, 0, "verify"));

	it("every documented status occurred", () => contract.assertComplete("inbox"));
});
