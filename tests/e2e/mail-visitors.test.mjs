// Mails to visitors: who has left before a person answered gets the answer by mail, with a way back into the conversation.
// When a mail is due, and to whom, is tested in tests/unit/storaged/mail/unseen.scenario.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Contract } from "./contract.mjs";
import { until, withBanter } from "./harness.mjs";
import { ADMIN, adminExpect, NOBODY } from "./organizations.mjs";
import { MailServer } from "./smtp.mjs";
import { conversationsOf, makeWidget, said, Visitor } from "./visitors.mjs";

const contract = new Contract();
const ANN = "Ann.Example@Example.com";

/** body(banter, server, visit): visit() is a visitor who has written, given an address, and left. */
async function withMails(body, env = {}) {
	const server = await new MailServer({}).start();
	const settings = {
		...{ MAIL_URL: server.url, MAIL_FROM: "banter@mail.example", MAIL_UNSEEN_MS: "1000" },
		...env,
	};
	try {
		await withBanter({ env: settings, mail: true }, async (banter) => {
			const members = { contact_info_mode: "optional", collect_email: true };
			const widget = await makeWidget(banter, {
				...members,
				allowed_origins: ["https://a.example"],
			});
			const visit = async (email = ANN, language = "de-AT") => {
				const visitor = await Visitor.open(banter, widget, { operators: true });
				visitor.send({ type: "page", url: "https://a.example/shop", language });
				await visitor.ask("[[echo]] hello", "m-1");
				await visitor.introduce({ email });
				const [{ _id: id }] = await conversationsOf(banter, widget);
				return { visitor, id };
			};
			await body(banter, server, visit, widget);
		});
	} finally {
		await server.stop();
	}
}

const takeOver = (banter, id) =>
	adminExpect(banter, 200, "POST", `conversations/${id}/takeover`, { name: "Jane" });
const write = (banter, id, content) =>
	adminExpect(banter, 201, "POST", `conversations/${id}/messages`, { content });
const mailed = (server, n = 1) =>
	until(`${n} mails`, () => server.mails.length >= n && server.mails[n - 1]);
const tokensOf = ({ text }) => ({
	back: /#banter-back=(\w+)/.exec(text)[1],
	stop: /#banter-stop=(\w+)/.exec(text)[1],
});

describe("a mail to a visitor who has left", () => {
	it("has the team's words in the visitor's language, and leads back on another device", () =>
		withMails(async (banter, server, visit, widget) => {
			const { visitor, id } = await visit();
			await visitor.close();
			await takeOver(banter, id);
			await write(banter, id, "Wir haben es gefunden. 👍");
			await write(banter, id, "<b>Morgen</b> kommt es an.");
			const mail = await mailed(server);
			assert.equal(mail.to, ANN);
			assert.equal(mail.headers.subject, "Jane hat Ihnen geantwortet");
			assert.match(
				mail.text,
				/Jane:\s+Wir haben es gefunden\. 👍\s+Jane:\s+<b>Morgen<\/b> kommt es an\./,
			);
			assert.ok(!/hello/.test(mail.text), "the visitor's words are not in it");
			assert.match(
				mail.text,
				new RegExp(`${banter.url}/chat/${widget.widget_id}#banter-back=\\w{32}\\b`),
			);
			assert.equal(mail.headers.references, `<${id}.banter@mail.example>`);
			assert.equal(mail.headers["list-unsubscribe-post"], "List-Unsubscribe=One-Click");
			const { back, stop } = tokensOf(mail);
			assert.equal(mail.headers["list-unsubscribe"], `<${banter.url}/v1/mails/stop?token=${stop}>`);

			const phone = await Visitor.open(banter, widget, { back, operators: true });
			assert.notEqual(phone.token, visitor.token);
			assert.equal(phone.introduced, true);
			const { messages } = await phone.next();
			assert.deepEqual(said(messages).at(-1), ["operator", "<b>Morgen</b> kommt es an."]);
			phone.say("Danke!", "m-2");
			await until("it arrives", async () =>
				(await banter.thread(id)).messages.some(({ content }) => content === "Danke!"),
			);
			// Both devices are one visitor.
			const desk = await visitor.again({ operators: true });
			assert.deepEqual(said(desk.history).at(-1), ["user", "Danke!"]);
			await write(banter, id, "Gern.");
			for (const one of [phone, desk])
				await until("both read it", () => one.frames.some(({ content }) => content === "Gern."));
			const again = await phone.again({ operators: true });
			assert.equal(again.token, phone.token);
			// The link works once: somebody else begins a conversation of its own.
			const other = await Visitor.open(banter, widget, { back });
			assert.equal(other.introduced, false);
			assert.notEqual(other.token, phone.token);
			for (const one of [phone, desk, again, other]) await one.close();
		}));

	it("is not sent while the chat is open, or to who wants no more of them", () =>
		withMails(async (banter, server, visit) => {
			const { visitor, id } = await visit(undefined, "en");
			await takeOver(banter, id);
			await write(banter, id, "Seen.");
			await until("it was due", () => banter.metric("mails_waiting").then(() => true));
			await new Promise((done) => setTimeout(done, 3000));
			await visitor.close();
			await write(banter, id, "Unseen.");
			const mail = await mailed(server);
			assert.match(mail.text, /Unseen\./);
			assert.ok(!/Seen\./.test(mail.text.replaceAll("Unseen.", "")), mail.text);
			assert.equal(mail.headers.subject, "Jane answered you");
			const { back, stop } = tokensOf(mail);
			const drive = (status, query) =>
				contract.drive(banter, status, "POST", `/v1/mails/stop${query}`, {
					headers: { "content-type": "application/x-www-form-urlencoded" },
					body: "List-Unsubscribe=One-Click",
				});
			await drive(400, "");
			await drive(404, `?token=${back}`);
			await drive(204, `?token=${stop}`);
			await drive(204, `?token=${stop}`);
			// The address is proved now, so it would get the next one at once.
			await (await Visitor.open(banter, { ...visitor.widget }, { back })).close();
			await write(banter, id, "More.");
			await new Promise((done) => setTimeout(done, 4000));
			assert.equal(server.mails.length, 1);
		}));

	it("is sent once, whatever is killed meanwhile", () =>
		withMails(async (banter, server, visit) => {
			banter.storaged.restart = banter.maild.restart = true;
			const { visitor, id } = await visit();
			await visitor.close();
			await takeOver(banter, id);
			await write(banter, id, "One.");
			await banter.storaged.kill("SIGKILL");
			await banter.ready();
			await banter.maild.kill("SIGKILL");
			await mailed(server);
			await new Promise((done) => setTimeout(done, 2500));
			assert.equal(new Set(server.mails.map(({ id }) => id)).size, 1);
		}));

	it("that is refused for ever leaves a note in the conversation", () =>
		withMails(async (banter, server, visit) => {
			server.script = (step) => (step === "RCPT" ? "550 5.1.1 no such user" : undefined);
			const { visitor, id } = await visit();
			await visitor.close();
			await takeOver(banter, id);
			await write(banter, id, "Hello?");
			const note = await until("the note", async () => {
				const { notes } = await banter.adminGet(`/v1/admin/conversations/${id}/notes`);
				return notes[0];
			});
			assert.match(note.content ?? note.text, /550 5\.1\.1 no such user/);
		}));
});

describe("a conversation by mail", () => {
	const send = (banter, status, id, options) =>
		contract.drive(banter, status, "POST", `/v1/admin/conversations/${id}/transcript`, {
			headers: ADMIN,
			...options,
		});

	it("has all messages in the visitor's language, and leads back into the conversation", () =>
		withMails(
			async (banter, server, visit, widget) => {
				const { visitor, id } = await visit();
				await visitor.close();
				await takeOver(banter, id);
				await write(banter, id, "Wir haben es gefunden. 👍");
				assert.deepEqual((await send(banter, 202, id)).json, { ok: true });
				const mail = await mailed(server);
				assert.deepEqual([mail.to, mail.headers.subject], [ANN, "Ihr Gespräch mit Default"]);
				assert.match(
					mail.text,
					/UTC, Ann\.Example@Example\.com:\s+\[\[echo\]\] hello\s+\d.* UTC, .+:\s+.*hello\s+\d.* UTC, Jane:\s+Wir haben es gefunden\. 👍/,
				);
				assert.equal(mail.headers.references, `<${id}.banter@mail.example>`);
				const { back, stop } = tokensOf(mail);
				assert.equal(
					(await send(banter, 409, id)).json.code,
					"mailed_recently",
					"nobody has opened the link",
				);
				await (await Visitor.open(banter, widget, { back })).close();
				await banter.request("POST", `/v1/mails/stop?token=${stop}`);
				assert.equal((await send(banter, 409, id)).json.code, "mails_stopped");
				const done = banter.log.lines.filter(({ ev }) => ev === "transcript_sent");
				assert.deepEqual(
					done.map(({ conversation }) => conversation),
					[id],
				);
			},
			{ MAIL_UNSEEN_MS: "0" },
		));

	it("is refused without an address, and without a mail server", () =>
		withMails(async (banter) => {
			const { conversationId } = (await banter.chat("s", "hello")).json;
			assert.equal((await send(banter, 409, conversationId)).json.code, "no_address");
			await send(banter, 404, NOBODY);
			await send(banter, 400, "~");
			await send(banter, 413, NOBODY, { body: "x".repeat(4097) });
		}));

	it("is not lost while storaged and maild are killed", () =>
		withMails(
			async (banter, server, visit) => {
				const { visitor, id } = await visit();
				await visitor.close();
				banter.storaged.restart = banter.maild.restart = true;
				await banter.maild.kill("SIGKILL");
				await send(banter, 202, id);
				await banter.storaged.kill("SIGKILL");
				await banter.ready();
				assert.match((await mailed(server)).text, /hello/);
				// A kill between the server's answer and its result sends it again, with the same id.
				assert.equal(new Set(server.mails.map(({ id }) => id)).size, 1);
			},
			{ MAIL_UNSEEN_MS: "0" },
		));
});

it("the end of mails is asked for as often as files are", () =>
	withBanter({ env: { RATE_LIMIT_MAX_REQUESTS: "1" } }, async (banter) => {
		const path = "/v1/mails/stop?token=unknown";
		// On a busy machine, some are allowed again meanwhile.
		let allowed = 0;
		while ((await contract.drive(banter, [404, 429], "POST", path)).status === 404) allowed++;
		assert.ok(allowed >= 60 && allowed < 600, `${allowed} were allowed`);
	}));

it("shows every documented status", () => contract.assertComplete("mail-visitors"));
