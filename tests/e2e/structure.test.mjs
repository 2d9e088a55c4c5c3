// Messages with buttons, cards or a form, and their answers: over HTTP, WebSocket and posted frames, by every reader, once under
// retries, in exports, in the check, in erasure.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { useBanter, WIDGET_KEY, withBanter } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { runTool, useDirectory } from "./tool.mjs";
import { framesPath, makeWidget, Visitor } from "./visitors.mjs";

const KEY = { "x-api-key": WIDGET_KEY };
const PICTURES = { PICTURE_ORIGINS: "https://cdn.example.com" };

const BUTTONS = {
	buttons: [
		{ name: "yes", label: "Yes, please" },
		{ label: "No" },
		{ label: "Docs", url: "https://example.com/docs" },
	],
};

const CONSENT = "I agree that you store my address for this order.";

const FORM = {
	form: [
		{ name: "who", kind: "name", label: "Your name", required: true },
		{ name: "mail", kind: "email", label: "E-mail", required: true },
		{ name: "call", kind: "phone", label: "Phone" },
		{ name: "size", kind: "choice", label: "Size", choices: ["S", "M", "L"] },
		{ name: "many", kind: "number", label: "Pieces" },
		{ name: "day", kind: "date", label: "Day" },
		{ name: "why", kind: "text", label: "Why" },
		{ name: "ok", kind: "consent", label: CONSENT, required: true, version: "2026-11" },
	],
};

const VALUES = {
	who: "  Ann Lee ",
	mail: "ann@example.com",
	size: "M",
	many: 2.5,
	day: "2028-02-29",
	why: "Because\nit fits",
	ok: true,
};

const CARDS = {
	cards: [
		{
			title: "Blue shirt",
			text: "Cotton",
			picture: "https://cdn.example.com/blue.png",
			buttons: [{ name: "blue", label: "Take it" }],
		},
		{ title: "Red shirt", buttons: [{ label: "See", url: "https://example.com/red" }] },
	],
};

const request = async (banter, method, path, body, headers = KEY) => {
	const { status, json } = await banter.request(method, path, { headers, body });
	return { status, json };
};

const say = (banter, sessionId, body) =>
	request(banter, "POST", "/v1/chat", { sessionId, ...body });

const write = (banter, id, body, status = 201) =>
	adminExpect(banter, status, "POST", `conversations/${id}/messages`, body);

/** A conversation that a person has taken over. */
async function taken(banter, sessionId) {
	const { json } = await say(banter, sessionId, { message: "Hello" });
	await adminExpect(banter, 200, "POST", `conversations/${json.conversationId}/takeover`, {});
	return json.conversationId;
}

const historyOf = async (banter, sessionId) =>
	(await request(banter, "GET", `/v1/chat/history?sessionId=${sessionId}`)).json.messages;

describe("a message with buttons", () => {
	const banter = useBanter({ env: PICTURES });

	it("says the same in words, and its structure beside them", async () => {
		const id = await taken(banter, "words");
		const sent = await write(banter, id, { content: "Shall we?", structure: BUTTONS });
		assert.equal(
			sent.content,
			"Shall we?\n\n- Yes, please\n- No\n- Docs: https://example.com/docs",
		);
		assert.deepEqual(sent.structure, {
			text: "Shall we?",
			buttons: [
				{ name: "yes", label: "Yes, please" },
				{ name: "2", label: "No" },
				{ label: "Docs", url: "https://example.com/docs" },
			],
		});
		const shown = (await historyOf(banter, "words")).at(-1);
		assert.deepEqual(shown.structure, sent.structure);
		assert.equal(shown.content, sent.content);
		const alone = await write(banter, id, { structure: CARDS });
		assert.equal(
			alone.content,
			"Blue shirt\nCotton\n- Take it\n\nRed shirt\n- See: https://example.com/red",
		);
		assert.equal(alone.structure.text, "");
		assert.deepEqual(alone.structure.cards[0], CARDS.cards[0]);
	});

	it("is answered once, however often the answer is sent", async () => {
		const id = await taken(banter, "once");
		const { _id: message } = await write(banter, id, { content: "Shall we?", structure: BUTTONS });
		const answer = { message, button: "yes" };
		const all = await Promise.all(Array.from({ length: 8 }, () => say(banter, "once", { answer })));
		assert.deepEqual(new Set(all.map(({ status }) => status)), new Set([200]));
		const answers = (await historyOf(banter, "once")).filter((one) => one.answer);
		assert.equal(answers.length, 1);
		assert.equal(answers[0].content, "Yes, please");
		assert.deepEqual(answers[0].answer, answer);
		const other = await say(banter, "once", { answer: { message, button: "2" } });
		assert.equal(other.status, 409);
		assert.equal(other.json.code, "id_conflict");
	});

	it("is answered once by three clients of one visitor", async () => {
		const widget = await makeWidget(banter);
		const visitor = await Visitor.open(banter, widget, { operators: true });
		await visitor.ask("Hello");
		const { conversations } = await adminExpect(
			banter,
			200,
			"GET",
			`conversations?widgetId=${widget.id}`,
		);
		const [{ _id: id }] = conversations;
		await adminExpect(banter, 200, "POST", `conversations/${id}/takeover`, {});
		const tab = await visitor.again({ operators: true });
		const { _id: message } = await write(banter, id, { content: "Well?", structure: BUTTONS });
		const seen = (await tab.upTo("message")).at(-1);
		assert.equal(seen.structure.text, "Well?");
		for (const one of [visitor, tab])
			one.send({ type: "answer", message, button: "yes", id: "a1" });
		const posted = await request(
			banter,
			"POST",
			framesPath(widget, "frames", "feed/frames", { token: visitor.token }),
			{ type: "answer", message, button: "yes" },
			{},
		);
		assert.equal(posted.status, 202, JSON.stringify(posted.json));
		const after = await visitor.again({ operators: true });
		assert.deepEqual(
			after.history.filter((one) => one.answer).map((one) => [one.role, one.content, one.answer]),
			[["user", "Yes, please", { message, button: "yes" }]],
		);
		const { messages } = await banter.thread(id);
		assert.equal(messages.filter((one) => one.answer).length, 1);
	});

	it("is answered by the model, which reads the words", async () => {
		const id = await taken(banter, "model");
		const { _id: message } = await write(banter, id, { content: "Shall we?", structure: BUTTONS });
		await adminExpect(banter, 200, "POST", `conversations/${id}/handback`, {});
		const { status, json } = await say(banter, "model", { answer: { message, button: "yes" } });
		assert.equal(status, 200);
		const again = await say(banter, "model", { answer: { message, button: "yes" } });
		assert.equal(again.json.messageId, json.messageId);
		assert.equal(again.json.message, json.message);
	});

	it("is refused with every member that is wrong", async () => {
		const id = await taken(banter, "wrong");
		const cases = [
			[{ buttons: Array(7).fill({ label: "A" }) }, ["structure.buttons"]],
			[
				{ buttons: [{ label: "" }, { label: "B", url: "ftp://b" }] },
				["structure.buttons[0].label", "structure.buttons[1].url"],
			],
			[
				{
					buttons: [
						{ name: "a", label: "A" },
						{ name: "a", label: "B" },
					],
				},
				["structure"],
			],
			[{ buttons: [{ label: "A" }], form: [{ kind: "text", label: "B" }] }, ["structure"]],
			[{ cards: [{ title: "A", picture: "https://evil.example/a.png" }] }, ["structure"]],
			[
				{ cards: [{ title: "A", picture: "http://cdn.example.com/a.png" }] },
				["structure.cards[0].picture"],
			],
			[
				{
					form: [
						{ kind: "choice", label: "A" },
						{ kind: "file", label: "B" },
					],
				},
				["structure.form[0].choices", "structure.form[1].kind"],
			],
			[
				{ form: [{ kind: "text", label: "A", choices: ["a", "b"] }] },
				["structure.form[0].choices"],
			],
			[{ form: [{ kind: "text", label: "A", href: "x" }] }, ["structure.form[0].href"]],
			[{}, ["structure"]],
			["buttons", ["structure"]],
		];
		for (const [structure, fields] of cases) {
			const refusal = await write(banter, id, { content: "?", structure }, 422);
			assert.deepEqual(Object.keys(refusal.fields), fields, JSON.stringify(refusal));
		}
		assert.equal((await historyOf(banter, "wrong")).length, 2);
	});
});

describe("a form", () => {
	const banter = useBanter({ env: PICTURES });

	it("is answered with values, which the contact and the operators get", async () => {
		const id = await taken(banter, "form");
		const { _id: message, content } = await write(banter, id, { structure: FORM });
		assert.ok(content.includes("- Your name *\n- E-mail *\n- Phone\n- Size: S / M / L\n"));
		const { status, json } = await say(banter, "form", { answer: { message, values: VALUES } });
		assert.equal(status, 200, JSON.stringify(json));
		const { conversation, messages } = await banter.thread(id);
		const answer = messages.at(-1);
		assert.equal(
			answer.content,
			`Your name: Ann Lee\nE-mail: ann@example.com\nSize: M\nPieces: 2.5\nDay: 2028-02-29\nWhy: Because\nit fits\n\u2713 ${CONSENT}`,
		);
		const values = Object.fromEntries(answer.answer.values.map((one) => [one.name, one.value]));
		assert.deepEqual(values, {
			who: "Ann Lee",
			mail: "ann@example.com",
			size: "M",
			many: "2.5",
			day: "2028-02-29",
			why: "Because\nit fits",
			ok: "true",
		});
		const consent = answer.answer.values.at(-1);
		assert.equal(consent.sha256, createHash("sha256").update(CONSENT).digest("hex"));
		assert.deepEqual(
			[consent.label, consent.version, consent.at],
			[CONSENT, "2026-11", answer.createdAt],
		);
		assert.equal(conversation.contact?.name, "Ann Lee");
		assert.equal(conversation.contact?.email, "ann@example.com");
	});

	it("refuses what does not fit, and stores nothing of it", async () => {
		const id = await taken(banter, "unfit");
		const { _id: message } = await write(banter, id, { structure: FORM });
		const bad = {
			mail: "ann",
			call: "none",
			size: "XL",
			many: "many",
			day: "2027-02-29",
			ok: false,
			none: "x",
		};
		const { status, json } = await say(banter, "unfit", { answer: { message, values: bad } });
		assert.equal(status, 422);
		assert.equal(json.code, "invalid_answer");
		assert.deepEqual(
			Object.fromEntries(Object.entries(json.reasons).map(([name, { code }]) => [name, code])),
			{
				none: "unknown",
				who: "required",
				mail: "email",
				call: "phone",
				size: "choice",
				many: "number",
				day: "date",
				ok: "consent",
			},
		);
		assert.match(json.fields.day, /^must be a date/);
		assert.equal((await historyOf(banter, "unfit")).length, 3);
		const empty = await say(banter, "unfit", { answer: { message, button: "who" } });
		assert.equal(empty.status, 422);
		const right = await say(banter, "unfit", { answer: { message, values: VALUES } });
		assert.equal(right.status, 200);
	});

	it("is only answered in its own conversation", async () => {
		const id = await taken(banter, "mine");
		const { _id: message } = await write(banter, id, { structure: FORM });
		const plain = await write(banter, id, { content: "No form" });
		await say(banter, "yours", { message: "Hello" });
		for (const [sessionId, shown] of [
			["yours", message],
			["new", message],
			["mine", plain._id],
			["mine", id],
		]) {
			const { status, json } = await say(banter, sessionId, {
				answer: { message: shown, values: VALUES },
			});
			assert.deepEqual([status, json.code], [404, "answer_unknown"]);
		}
		const both = { message: "Hello", answer: { message, values: VALUES } };
		assert.equal((await say(banter, "mine", both)).status, 400);
		assert.equal((await say(banter, "mine", { answer: { message } })).status, 400);
	});
});

describe("structures at rest", () => {
	const place = useDirectory();

	it("are exported, imported, checked and erased", async () => {
		const path = place("export.jsonl");
		let id;
		await withBanter({ env: PICTURES }, async (banter) => {
			id = await taken(banter, "kept");
			const { _id: message } = await write(banter, id, { content: "Form", structure: FORM });
			await write(banter, id, { structure: CARDS });
			await say(banter, "kept", { answer: { message, values: VALUES } });
			await adminExpect(banter, 201, "POST", "snippets", {
				name: "Ask",
				text: "Shall we?",
				structure: BUTTONS,
			});
			const { status, stdout, stderr } = await runTool(banter, "export");
			assert.equal(status, 0, stderr);
			writeFileSync(path, stdout);
			assert.match(
				(await runTool(banter, "verify")).stdout,
				/\b0 problems|no problems|consistent|ok/i,
			);
		});
		await withBanter({ env: PICTURES }, async (banter) => {
			const { status, stderr } = await runTool(banter, "import", path);
			assert.equal(status, 0, stderr);
			const { messages } = await banter.thread(id);
			assert.equal(messages.at(-1).answer.values.at(-1).label, CONSENT);
			assert.equal(messages.at(-3).structure.form.length, 8);
			assert.equal(messages.at(-3).structure.text, "Form");
			assert.equal(messages.at(-2).structure.cards[0].picture, CARDS.cards[0].picture);
			const { snippets } = await adminExpect(banter, 200, "GET", "snippets");
			assert.equal(snippets.at(-1).structure.buttons[0].name, "yes");
			await adminExpect(banter, 204, "DELETE", `conversations/${id}`);
			const { stdout } = await runTool(banter, "export");
			assert.ok(!stdout.includes(CONSENT));
		});
	});

	it("are snippets, which can be changed", async () => {
		await withBanter({ env: PICTURES }, async (banter) => {
			const made = await adminExpect(banter, 201, "POST", "snippets", {
				name: "Ask",
				text: "Shall we?",
				structure: CARDS,
			});
			assert.deepEqual(made.structure.cards[0], CARDS.cards[0]);
			const renamed = await adminExpect(banter, 200, "PUT", `snippets/${made.id}`, {
				...made,
				name: "Offer",
			});
			assert.deepEqual(renamed.structure, made.structure);
			const bare = await adminExpect(banter, 200, "PUT", `snippets/${made.id}`, {
				structure: null,
			});
			assert.equal(bare.structure, null);
			const refusal = await adminExpect(banter, 422, "PUT", `snippets/${made.id}`, {
				structure: { cards: [{ title: "A", picture: "https://other.example/a.png" }] },
			});
			assert.deepEqual(Object.keys(refusal.fields), ["structure"]);
		});
	});
});
