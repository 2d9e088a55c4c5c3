// `banter import --from intercom|chatwoot`: every form of their exports gives the same conversations, once; what does not
// fit is counted and named; and the store is whole afterwards (`banter verify`). The forms follow the public documents of
// both APIs (the conversation and message objects), and tables made of their answers and databases.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { addUser } from "./accounts.mjs";
import { useBanter, withBanter } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { expectTool, feedTool, parseLines, useDirectory, WIDGET } from "./tool.mjs";

const file = useDirectory();

/** Writes files, and returns their paths. */
function write(files) {
	return Object.entries(files).map(([name, content]) => {
		writeFileSync(file(name), typeof content === "string" ? content : JSON.stringify(content));
		return file(name);
	});
}

async function importFrom(banter, from, files, ...args) {
	const all = ["import", "--from", from, "--json", ...args, ...write(files)];
	return JSON.parse((await expectTool(banter, 0, ...all)).stdout);
}

const lines = (...objects) => objects.map((one) => JSON.stringify(one)).join("\n");

/** The store's conversations by their sessions, in words: who wrote what, and the notes. */
async function stored(banter) {
	const all = parseLines((await expectTool(banter, 0, "export")).stdout);
	const kind = (name) => all.filter((one) => one.kind === name);
	const contacts = new Map(kind("contact").map((one) => [one.id, one]));
	const tags = new Map(kind("tag").map(({ id, name }) => [id, name]));
	const told = {};
	for (const c of kind("conversation")) {
		const contact = contacts.get(c.contact);
		told[c.session] = {
			contact: contact && [contact.name, contact.email, contact.phone].join("|"),
			state: c.inbox_state,
			tags: c.tags ? c.tags.split(" ").map((id) => tags.get(id)) : [],
			messages: kind("message")
				.filter(({ conversation }) => conversation === c.id)
				.map(
					(m) =>
						`${new Date(m.created_at).toISOString()} ${m.role} ${m.author_name ?? ""}: ${m.text}`,
				),
			notes: kind("note")
				.filter(({ conversation }) => conversation === c.id)
				.map(({ author_name, text }) => `${author_name}: ${text}`),
		};
	}
	return told;
}

const AT = 1_706_695_200; // 2024-01-31 10:00:00 UTC
const iso = (s) => new Date(s * 1000).toISOString();
const plain = (s) =>
	iso(s)
		.replace("T", " ")
		.replace(/\.000Z$/, "");

const JANE = { type: "user", id: "5f01", name: "Jane Doe", email: "jane@example.com" };
const BOB = { type: "admin", id: "7", name: "Bob", email: "bob@shop.example" };
const FIN = { type: "bot", id: "9", name: "Fin", email: "bot@shop.example" };

/** A conversation as Intercom's API has it. */
const INTERCOM = {
	type: "conversation",
	id: "147",
	created_at: AT,
	updated_at: AT + 600,
	source: {
		type: "conversation",
		id: "403918391",
		delivered_as: "customer_initiated",
		subject: "",
		body: "<p>Where is my <b>order</b>?</p><p>It&#39;s late &amp; I wait</p>",
		author: JANE,
		attachments: [],
	},
	contacts: {
		type: "contact.list",
		contacts: [{ type: "contact", id: "5f01", external_id: "70" }],
	},
	state: "closed",
	open: false,
	tags: { type: "tag.list", tags: [{ type: "tag", id: "1", name: "Shipping" }] },
	conversation_parts: {
		type: "conversation_part.list",
		conversation_parts: [
			{
				type: "conversation_part",
				id: "1",
				part_type: "comment",
				body: "<p>I look it up.</p>",
				created_at: AT + 60,
				author: FIN,
			},
			{
				type: "conversation_part",
				id: "2",
				part_type: "assignment",
				body: null,
				created_at: AT + 70,
				author: BOB,
			},
			{
				type: "conversation_part",
				id: "3",
				part_type: "note",
				body: "<p>VIP</p>",
				created_at: AT + 80,
				author: BOB,
			},
			{
				type: "conversation_part",
				id: "4",
				part_type: "comment",
				body: '<p>On its way:</p><ul><li>one</li><li>two</li></ul><a href="https://track.example/1">track</a>',
				created_at: AT + 120,
				author: BOB,
				attachments: [{ type: "upload", name: "slip.pdf", url: "https://files.example/slip.pdf" }],
			},
		],
		total_count: 4,
	},
};

const INTERCOM_STORED = {
	"intercom.147": {
		contact: "Jane Doe|jane@example.com|",
		state: "resolved",
		tags: ["Shipping"],
		messages: [
			`${iso(AT)} user : Where is my order?\n\nIt's late & I wait`,
			`${iso(AT + 60)} assistant : I look it up.`,
			`${iso(AT + 120)} operator Bob: On its way:\n\n- one\n- two\n\ntrack (https://track.example/1)\nslip.pdf: https://files.example/slip.pdf`,
		],
		notes: ["Bob: VIP"],
	},
};

/** The table of messages that export services for Intercom make. */
const INTERCOM_TABLE = [
	"message_id,message_body,message_type,message_created_at,message_author_type,message_author_id,message_author_name,message_author_email,conversation_tags,conversation_id,conversation_state,conversation_created_at",
	`m0,"Where is my order?\n\nIt's late & I wait",conversation_message,${plain(AT)},user,5f01,Jane Doe,jane@example.com,Shipping,147,closed,${plain(AT)}`,
	`1,I look it up.,comment,${plain(AT + 60)},bot,9,Fin,bot@shop.example,Shipping,147,closed,${plain(AT)}`,
	`2,,assignment,${plain(AT + 70)},admin,7,Bob,bob@shop.example,Shipping,147,closed,${plain(AT)}`,
	`3,VIP,note,${plain(AT + 80)},admin,7,Bob,bob@shop.example,Shipping,147,closed,${plain(AT)}`,
	`4,"On its way:\n\n- one\n- two\n\ntrack (https://track.example/1)\nslip.pdf: https://files.example/slip.pdf",comment,${plain(AT + 120)},admin,7,Bob,bob@shop.example,Shipping,147,closed,${plain(AT)}`,
].join("\r\n");

const old = ({ source, contacts: _, ...rest }) => ({
	...rest,
	conversation_message: source,
	user: { type: "user", id: "5f01" },
});

const INTERCOM_FORMS = {
	"one object": { "one.json": INTERCOM },
	"an array": { "array.json": [INTERCOM] },
	"a page of the API": {
		"page.json": {
			type: "conversation.list",
			pages: { type: "pages", page: 1 },
			total_count: 1,
			conversations: [INTERCOM],
		},
	},
	"JSON lines, with a byte order mark and empty lines": {
		"lines.jsonl": `\ufeff${lines(INTERCOM)}\n\n`,
	},
	"a file for each conversation, and one of its contacts": {
		"conversation_147.json": INTERCOM,
		"contacts.json": {
			type: "list",
			data: [{ type: "contact", id: "5f01", role: "user", ...JANE }],
		},
	},
	"the older API": {
		"older.json": [old(INTERCOM)],
		"users.json": { type: "user.list", users: [{ ...JANE, type: "user" }] },
	},
	"times in ms and in ISO 8601": {
		"times.json": JSON.stringify(INTERCOM, (key, value) =>
			key === "created_at" ? (value % 20 === 0 ? value * 1000 : iso(value)) : value,
		),
	},
	"the conversation twice, and messages in the wrong order": {
		"a.json": {
			...INTERCOM,
			conversation_parts: {
				...INTERCOM.conversation_parts,
				conversation_parts: [...INTERCOM.conversation_parts.conversation_parts].reverse(),
			},
		},
		"b.json": { conversations: [{ ...INTERCOM, conversation_parts: undefined }] },
	},
	"a table": { "messages.csv": INTERCOM_TABLE },
	"a table with semicolons": { "messages.csv": INTERCOM_TABLE.replaceAll(",", ";") },
};

const CHATWOOT_META = {
	sender: {
		id: 12,
		name: "Jane Doe",
		email: "jane@example.com",
		phone_number: "+49301234567",
		type: "contact",
	},
	channel: "Channel::WebWidget",
	assignee: { id: 3, name: "Bob", email: "bob@shop.example", type: "user" },
};
const CHATWOOT_MESSAGES = [
	{
		id: 100,
		content: "Where is **my** order?",
		message_type: 0,
		content_type: "text",
		private: false,
		created_at: AT,
		conversation_id: 5,
		inbox_id: 1,
		sender: { id: 12, name: "Jane Doe", type: "contact" },
	},
	{
		id: 101,
		content: "One moment.",
		message_type: 3,
		content_type: "text",
		private: false,
		created_at: AT + 10,
		conversation_id: 5,
		inbox_id: 1,
	},
	{
		id: 102,
		content: "I am a bot.",
		message_type: 1,
		content_type: "text",
		private: false,
		created_at: AT + 20,
		conversation_id: 5,
		inbox_id: 1,
		sender: { id: 1, name: "Robo", type: "agent_bot" },
	},
	{
		id: 103,
		content: "Conversation was assigned to Bob",
		message_type: 2,
		content_type: "text",
		private: false,
		created_at: AT + 25,
		conversation_id: 5,
		inbox_id: 1,
	},
	{
		id: 104,
		content: "VIP",
		message_type: 1,
		content_type: "text",
		private: true,
		created_at: AT + 30,
		conversation_id: 5,
		inbox_id: 1,
		sender: { id: 3, name: "Bob", type: "user" },
	},
	{
		id: 105,
		content: "On its way, use <p>.",
		message_type: 1,
		content_type: "text",
		private: false,
		created_at: AT + 40,
		conversation_id: 5,
		inbox_id: 1,
		sender: { id: 3, name: "Bob", type: "user" },
		attachments: [{ id: 1, file_type: "image", data_url: "https://files.example/1.png" }],
	},
];
const CHATWOOT = {
	id: 5,
	uuid: "0b7c",
	account_id: 1,
	inbox_id: 1,
	status: "resolved",
	labels: ["shipping", "vip"],
	created_at: AT,
	timestamp: AT + 40,
	last_activity_at: AT + 40,
	contact_last_seen_at: AT,
	meta: CHATWOOT_META,
	messages: CHATWOOT_MESSAGES.slice(-1),
};
const CHATWOOT_STORED = {
	"chatwoot.5": {
		contact: "Jane Doe|jane@example.com|+49301234567",
		state: "resolved",
		tags: ["shipping", "vip"],
		messages: [
			`${iso(AT)} user : Where is **my** order?`,
			`${iso(AT + 10)} assistant : One moment.`,
			`${iso(AT + 20)} assistant : I am a bot.`,
			`${iso(AT + 40)} operator Bob: On its way, use <p>.\nimage: https://files.example/1.png`,
		],
		notes: ["Bob: VIP"],
	},
};

const CHATWOOT_FORMS = {
	"pages of the API: conversations, and messages": {
		"conversations.json": { data: { meta: { mine_count: 0, all_count: 1 }, payload: [CHATWOOT] } },
		"messages-5.json": {
			meta: { labels: ["shipping"], contact: CHATWOOT_META.sender },
			payload: CHATWOOT_MESSAGES,
		},
	},
	"messages before their conversations": {
		"1-messages.jsonl": lines(...CHATWOOT_MESSAGES),
		"2-conversations.jsonl": lines(CHATWOOT),
	},
	"all in one object for a conversation": {
		"5.json": { conversation: CHATWOOT, messages: CHATWOOT_MESSAGES },
	},
	"all in one array": { "all.json": [{ ...CHATWOOT, messages: CHATWOOT_MESSAGES }] },
	"rows of the database": {
		"conversations.jsonl": lines({
			id: 5,
			account_id: 1,
			inbox_id: 1,
			status: 1,
			contact_id: 12,
			display_id: 5,
			created_at: `${plain(AT)}.000000`,
			updated_at: `${plain(AT)}.1`,
			last_activity_at: `${plain(AT + 40)}+00`,
			cached_label_list: "shipping, vip",
		}),
		"contacts.csv":
			"id,name,email,phone_number,account_id\n12,Jane Doe,jane@example.com,+49301234567,1\n",
		"messages.jsonl": lines(
			...CHATWOOT_MESSAGES.map(({ sender, created_at, attachments, ...rest }) => ({
				...rest,
				// Names and files are in other tables; here they come along.
				attachments,
				sender_type: { contact: "Contact", user: "User", agent_bot: "AgentBot" }[sender?.type],
				sender_id: sender?.id,
				sender: sender?.type === "user" ? { name: sender.name } : undefined,
				created_at: `${plain(created_at)}.000000`,
			})),
		),
	},
};

describe("banter import --from", () => {
	for (const [from, forms, expected] of [
		["intercom", INTERCOM_FORMS, INTERCOM_STORED],
		["chatwoot", CHATWOOT_FORMS, CHATWOOT_STORED],
	])
		for (const [form, files] of Object.entries(forms))
			it(`${from}: ${form}; the second time, nothing changes`, () =>
				withBanter({ workers: 1 }, async (banter) => {
					const dry = await importFrom(banter, from, files, "--dry-run");
					const count = from === "intercom" ? 3 : 4;
					assert.deepEqual(
						[dry.dry_run, dry.added.conversations, dry.added.messages, dry.added.notes],
						[true, 1, count, 1],
					);
					assert.deepEqual(await stored(banter), {});
					const { added, misfits } = await importFrom(banter, from, files);
					assert.deepEqual(await stored(banter), expected);
					assert.deepEqual([added.conversations, added.messages, added.notes], [1, count, 1]);
					assert.deepEqual(misfits, dry.misfits);
					const before = (await expectTool(banter, 0, "export")).stdout;
					const again = await importFrom(banter, from, files);
					assert.deepEqual(new Set(Object.values(again.added)), new Set([0]));
					assert.equal(again.there.messages, count);
					assert.equal((await expectTool(banter, 0, "export")).stdout, before);
					await expectTool(banter, 0, "verify");
				}));
});

describe("banter import --from, into a store in use", () => {
	const banter = useBanter({ workers: 1 });
	const one = (id, texts, more = {}) => ({
		...CHATWOOT,
		id,
		labels: [],
		meta: { sender: { id: 1000 + id, name: `Visitor ${id}`, ...more } },
		messages: texts.map((content, i) => ({
			...CHATWOOT_MESSAGES[0],
			id: 10_000 * id + i,
			content,
			conversation_id: id,
			created_at: AT + i,
			sender: undefined,
		})),
	});
	const texts = async (session) =>
		(await stored(banter))[session].messages.map((m) => m.replace(/^\S+ /, ""));

	it("keeps what operators have written, and adds what a newer export has behind it", async () => {
		const [path] = write({ "live.json": [one(1, ["one", "two"])] });
		await expectTool(banter, 0, "import", "--from", "chatwoot", path);
		const { conversations } = await banter.conversations();
		const { _id } = conversations.find(({ sessionId }) => sessionId === "chatwoot.1");
		await adminExpect(banter, 200, "POST", `conversations/${_id}/takeover`, { name: "Jane" });
		await adminExpect(banter, 201, "POST", `conversations/${_id}/messages`, {
			content: "From here.",
		});
		const { added, there } = await importFrom(banter, "chatwoot", {
			"live.json": [one(1, ["one", "two", "three"])],
		});
		assert.deepEqual([added.conversations, added.messages, there.messages], [0, 1, 2]);
		assert.deepEqual(await texts("chatwoot.1"), [
			"user : one",
			"user : two",
			"operator Jane: From here.",
			"user : three",
		]);
		await expectTool(banter, 0, "verify");
	});

	it("keeps what operators have changed without writing", async () => {
		await addUser(banter, "jane@shop.example", "--name", "Jane");
		const { users } = await adminExpect(banter, 200, "GET", "users");
		const jane = users.find(({ email }) => email === "jane@shop.example").id;
		const tag = await adminExpect(banter, 201, "POST", "tags", { name: "Ours" });
		const conversation = async () =>
			parseLines((await expectTool(banter, 0, "export")).stdout).find(
				({ session }) => session === "chatwoot.20",
			);
		await importFrom(banter, "chatwoot", { "labels.json": [one(20, ["one"])] });
		const { id } = await conversation();
		const changes = [
			["PUT", `conversations/${id}`, { tags: [tag.id], assignedTo: jane }],
			["PUT", `conversations/${id}`, { state: "waiting" }],
			["POST", `conversations/${id}/takeover`, { name: "Jane" }],
		];
		const texts = ["one"];
		for (const [method, path, body] of changes) {
			await adminExpect(banter, 200, method, path, body);
			const before = await conversation();
			texts.push(`${texts.length + 1}`);
			const newer = { ...one(20, texts), labels: ["theirs"], status: "resolved" };
			newer.meta.sender.id++;
			const { added } = await importFrom(banter, "chatwoot", { "labels.json": [newer] });
			assert.deepEqual([added.messages, added.tags], [1, 0]);
			const { updated_at, messages, next_seq, last_message, ...rest } = await conversation();
			assert.deepEqual(
				[{ ...before, updated_at, messages, next_seq, last_message }, last_message],
				[{ ...rest, updated_at, messages, next_seq, last_message }, texts.at(-1)],
			);
		}
		await expectTool(banter, 0, "verify");
	});

	it("a contact that is there by e-mail is that one, and keeps its name", async () => {
		const jane = { type: "contact", id: "k", name: "Known", email: "Known@example.com" };
		await importFrom(banter, "intercom", { "contact.json": jane });
		const files = { "known.json": [one(2, ["hi"], { email: "known@EXAMPLE.com" })] };
		const { added, there } = await importFrom(banter, "chatwoot", files);
		assert.deepEqual([added.contacts, there.contacts], [0, 1]);
		const { "chatwoot.2": conversation } = await stored(banter);
		assert.equal(conversation.contact, "Known|Known@example.com|");
		const { contacts } = await adminExpect(banter, 200, "GET", "contacts?email=known@example.com");
		await adminExpect(banter, 200, "PUT", `contacts/${contacts[0].id}`, { name: "Changed" });
		await importFrom(banter, "chatwoot", files);
		await importFrom(banter, "intercom", { "contact.json": jane });
		assert.match((await stored(banter))["chatwoot.2"].contact, /^Changed/);
	});

	it("splits messages that are too long, between characters", async () => {
		const long = "ü".repeat(10_000);
		await importFrom(banter, "chatwoot", { "long.json": [one(3, [long])] });
		const parts = (await texts("chatwoot.3")).map((m) => m.replace("user : ", ""));
		assert.deepEqual(parts, [long.slice(0, 6000), long.slice(6000)]);
		const { added } = await importFrom(banter, "chatwoot", { "long.json": [one(3, [long])] });
		assert.equal(added.messages, 0);
	});

	it("takes odd texts: halves of pairs, zero bytes, bytes that are not UTF-8, numbers", async () => {
		const json = JSON.stringify([one(4, ["A", "B", "C", "D"])])
			.replace('"A"', '"half \\ud83d of a pair"')
			.replace('"B"', '"zero \\u0000 byte"')
			.replace('"D"', "12345678901234567890123");
		const bytes = Buffer.from(
			json.replace('"C"', '"caf\u0000"').replace("\u0000", "\x01"),
			"latin1",
		);
		bytes[bytes.indexOf(1)] = 0xe9;
		writeFileSync(file("odd.json"), bytes);
		await expectTool(banter, 0, "import", "--from", "chatwoot", file("odd.json"));
		const [half, zero, other, number] = await texts("chatwoot.4");
		assert.deepEqual(
			[half, zero, other],
			["user : half \ufffd of a pair", "user : zero   byte", "user : caf\ufffd"],
		);
		assert.match(number, /^user : 1.2345678/);
	});

	it("reads times of many forms, and tables that a spreadsheet has written", async () => {
		const at = iso(AT);
		const times = [
			AT,
			AT + 0.25,
			AT * 1000,
			AT * 1e6,
			String(AT),
			at,
			"2024-01-31T12:00:00+02:00",
			"2024-01-31 05:00:00 -0500",
			"2024-01-31 10:00:00 +0000 UTC",
			"2024-01-31 10:00:00.000000+00",
			"2024/01/31 10:00",
			"Wed, 31 Jan 2024 10:00:00 GMT",
			"31 Jan 2024 10:00:00",
			"Jan 31, 2024, 10:00 AM",
			"January 31, 2024 at 10:00 AM",
		];
		const rows = times.map((time, i) => ({
			...CHATWOOT_MESSAGES[0],
			id: 500 + i,
			created_at: time,
			conversation_id: 50,
			content: `${i}`,
		}));
		const { misfits } = await importFrom(banter, "chatwoot", { "times.jsonl": lines(...rows) });
		assert.deepEqual(misfits, []);
		const { "chatwoot.50": conversation } = await stored(banter);
		const got = conversation.messages.map((m) => m.replace(".250Z", ".000Z").split(" ")[0]);
		assert.deepEqual(
			got,
			times.map(() => at),
		);
		const table =
			'Conversation;Sender Type;Sender;Message;Timestamp\r\n51;customer;Jörg;"Ein ""Päckchen"" – für 5 €?";2024-01-31 10:00\r\n51;agent;Bob;Ja;2024-01-31 10:01\r\n51;bot;Robo;Hm;2024-01-31 10:02\r\n';
		const bytes = Buffer.from(table.replace("–", "\x96").replace("€", "\x80"), "latin1");
		writeFileSync(file("excel.csv"), bytes);
		await expectTool(banter, 0, "import", "--from", "chatwoot", file("excel.csv"));
		assert.deepEqual(await texts("chatwoot.51"), [
			'user : Ein "Päckchen" – für 5 €?',
			"operator Bob: Ja",
			"assistant : Hm",
		]);
	});

	it("finds conversations in wrappers of any kind", async () => {
		const wrapped = [
			{ event: "x", data: { item: one(60, ["a"]) } },
			{ 61: one(61, ["b"]), 62: one(62, ["c"]) },
			[[[one(63, ["d"])]]],
			{ success: true, result: { page: 1, data: [{ conversation: one(64, ["e"]) }] } },
			{
				event: "message_created",
				...CHATWOOT_MESSAGES[0],
				id: 9065,
				message_type: "incoming",
				conversation_id: undefined,
				conversation: { id: 65, status: "open" },
			},
		];
		const { added, misfits } = await importFrom(banter, "chatwoot", { "wrapped.json": wrapped });
		assert.deepEqual([added.conversations, added.messages, misfits], [6, 6, []]);
	});

	it("names what does not fit, and imports the rest", async () => {
		const files = {
			"mixed.json": [
				one(5, ["kept"]),
				{ type: "admin", id: "1", name: "Bob" },
				{ colour: "red", size: 3 },
				{ ...one(6, []), messages: [] },
				{ ...CHATWOOT_MESSAGES[0], id: 77, conversation_id: undefined },
				{
					...one(7, ["when"]),
					created_at: "31st of January",
					messages: [{ id: 70, content: "when", message_type: 0, created_at: "yesterday" }],
				},
			],
		};
		const { added, misfits } = await importFrom(banter, "chatwoot", files);
		assert.deepEqual([added.conversations, added.messages], [2, 2]);
		const named = Object.fromEntries(
			misfits.map(({ reason, count, example }) => [reason, [count, example]]),
		);
		assert.deepEqual(named["objects of an unknown kind"], [1, "colour, size"]);
		assert.deepEqual(named["conversations without a message"], [1, "chatwoot.6"]);
		assert.deepEqual(named["messages without a conversation"], [1, "77"]);
		assert.equal(named["times that cannot be read"][0], 2);
		assert.ok(Object.keys(named).some((reason) => reason.startsWith("admins, teams")));
		const { stdout } = await expectTool(
			banter,
			0,
			"import",
			"--from",
			"chatwoot",
			file("mixed.json"),
		);
		assert.match(stdout, /^imported: 0 contacts, 0 conversations, 0 messages/);
		assert.match(stdout, /does not fit:\n.*\n/);
		assert.match(stdout, /1 {2}objects of an unknown kind \(such as colour, size\)/);
	});

	it("reads a directory, standard input, and several files; refuses what it cannot read", async () => {
		mkdirSync(file("folder", "deep"), { recursive: true });
		writeFileSync(file("folder", "deep", "a.json"), JSON.stringify(one(8, ["a"])));
		writeFileSync(file("folder", "b.ndjson"), lines(one(9, ["b"])));
		writeFileSync(file("folder", "readme.md"), "nothing");
		const { stdout } = await expectTool(banter, 0, "import", "--from", "chatwoot", file("folder"));
		assert.match(stdout, /^imported: 2 contacts, 2 conversations, 2 messages/);
		assert.match(stdout, /files without the suffix .*readme\.md/);
		await feedTool(banter, JSON.stringify(one(10, ["c"])), 0, "import", "--from", "chatwoot", "-");
		assert.deepEqual(await texts("chatwoot.10"), ["user : c"]);
		for (const [name, content, why] of [
			[
				"cut.json",
				JSON.stringify([one(11, ["x"]), one(12, ["y"])]).slice(0, -40),
				"its end is missing",
			],
			["zip.json", Buffer.from([0x1f, 0x8b, 8, 0]), "it is compressed"],
			["utf16.csv", Buffer.from("\ufeffid,name", "utf16le"), "it is UTF-16"],
			["html.json", `[${"\u0001"}]`, "it is not JSON"],
			["head.csv", `id,"a\n${"b".repeat(200_000)}"\n1,2\n`, "its first row is too long"],
		]) {
			writeFileSync(file(name), content);
			const end = await expectTool(banter, 65, "import", "--from", "chatwoot", file(name));
			assert.match(end.stdout, new RegExp(`not read whole: ${why}.*${name}`), name);
		}
		assert.deepEqual(await texts("chatwoot.11"), ["user : x"]);
		for (const [why, ...args] of [
			["--from is chatwoot or intercom", "--from", "crisp", file("cut.json")],
			["--dry-run, --org and --widget need --from", "--dry-run", file("cut.json")],
			["import one file at a time", file("cut.json"), file("zip.json")],
			["--force is for exports of banter", "--from", "chatwoot", "--force", file("cut.json")],
		]) {
			const { stderr } = await expectTool(banter, 64, "import", ...args);
			assert.ok(stderr.includes(why), stderr);
		}
	});

	it("reads objects of any size around those that it knows", async () => {
		const filler = "x".repeat(1 << 20);
		const many = Array.from({ length: 12 }, (_, i) => ({
			...one(100 + i, [`m${i}`]),
			custom: filler,
		}));
		const files = { "large.json": { meta: { count: 12 }, data: { payload: many, meta: {} } } };
		const { added } = await importFrom(banter, "chatwoot", files);
		assert.deepEqual([added.conversations, added.messages], [12, 12]);
	});

	it("makes content of published articles, which a repetition leaves alone", async () => {
		const files = {
			"articles.json": {
				type: "list",
				data: [
					{
						type: "article",
						id: "1",
						title: "Shipping",
						body: "<h1>Shipping</h1><p>Three days.</p>",
						state: "published",
						url: "https://help.example/1",
					},
					{ type: "article", id: "2", title: "Draft", body: "<p>No</p>", state: "draft" },
				],
			},
		};
		const { added, misfits } = await importFrom(banter, "intercom", files);
		assert.equal(added.articles, 1);
		assert.deepEqual(misfits, [
			{ reason: "articles that are not published", count: 1, example: "2" },
		]);
		const again = await importFrom(banter, "intercom", files);
		assert.deepEqual([again.added.articles, again.there.articles], [0, 1]);
		const { sources } = await adminExpect(banter, 200, "GET", "sources");
		assert.deepEqual(
			sources.map(({ name, kind }) => [name, kind]),
			[["Intercom articles", "files"]],
		);
	});

	it("names an article that is refused, and imports the rest", async () => {
		const article = (id) => ({
			type: "article",
			id,
			title: id,
			body: "<p>Text</p>",
			state: "published",
		});
		const path = "articles-refused.json";
		await importFrom(banter, "intercom", { [path]: [article("10")] });
		const { sources } = await adminExpect(banter, 200, "GET", "sources");
		const { id } = sources.find(({ name }) => name === "Intercom articles");
		const { pages } = await adminExpect(banter, 200, "GET", `sources/${id}/pages`);
		await adminExpect(banter, 200, "PUT", `sources/${id}`, { pagesMax: pages.length + 1 });
		const files = write({ [path]: ["10", "11", "12", "13"].map(article) });
		const end = await expectTool(banter, 65, "import", "--from", "intercom", "--json", ...files);
		const { added, there, misfits } = JSON.parse(end.stdout);
		assert.deepEqual([added.articles, there.articles], [1, 1]);
		assert.deepEqual(
			misfits.map(({ reason, count }) => [reason, count]),
			[["refused: the source has as many pages as it may have", 2]],
		);
		assert.match(misfits[0].example, /^article-1[123]\.html$/);
	});

	it("imports into another organization and widget, with other ids", async () => {
		const org = JSON.parse((await expectTool(banter, 0, "org", "add", "Other", "--json")).stdout);
		const files = { "other.json": [one(1, ["one"])] };
		const { added } = await importFrom(banter, "chatwoot", files, "--org", org.id);
		assert.equal(added.messages, 1);
		const { stderr } = await expectTool(
			banter,
			66,
			"import",
			"--from",
			"chatwoot",
			"--org",
			org.id,
			"--widget",
			WIDGET,
			file("other.json"),
		);
		assert.notEqual(stderr, "");
		await expectTool(banter, 0, "verify");
	});
});
