// Mails: an invitation reaches the mail server, or a file; whatever fails on the way, no mail is lost, and none is sent
// twice unless the server's answer to it was lost. What the store does is tested in tests/unit/storaged/mail/mails.scenario.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { addUser, fromElsewhere, logIn } from "./accounts.mjs";
import { Authority } from "./certs.mjs";
import { Contract } from "./contract.mjs";
import { until, withBanter } from "./harness.mjs";
import { ADMIN, addOrganization, assertFields } from "./organizations.mjs";
import { MailServer, parseMail } from "./smtp.mjs";

const contract = new Contract();
const FROM = "banter@mail.example";

const withServer = async (options, body) => {
	const server = await new MailServer(options).start();
	try {
		await body(server);
	} finally {
		await server.stop();
	}
};

const settings = (server, more) => ({ MAIL_URL: server.url, MAIL_FROM: FROM, ...more });

async function invite(banter, email, { status = 201, headers = ADMIN, language = "en" } = {}) {
	const body = { role: "member", email, send_mail: true };
	const answer = await contract.drive(banter, status, "POST", "/v1/admin/invitations", {
		headers: { ...headers, "accept-language": language },
		body,
	});
	return answer.json;
}

const invitations = async (banter, headers = ADMIN) =>
	(await contract.drive(banter, 200, "GET", "/v1/admin/invitations?limit=200", { headers })).json
		.invitations;

const stateOf = (banter, id, state) =>
	until(`the mail is ${state}`, async () => {
		const found = (await invitations(banter)).find((one) => one.id === id);
		return found?.mail === state && found;
	});

describe("an invitation by mail", () => {
	it("reaches its address with a link that works, in the language of the request", () =>
		withServer({}, (server) =>
			withBanter({ env: settings(server), mail: true }, async (banter) => {
				const name =
					'Jörg "the" Schmidt & Söhne <x>, 100 % Qualität seit über hundert Jahren am selben Ort';
				const { headers } = await addOrganization(banter, name);
				const made = await invite(banter, "ann@example.com", {
					headers,
					language: "de-AT,en;q=0.5",
				});
				assert.deepEqual([made.send_mail, made.mail, made.mail_error], [true, "waiting", ""]);
				const [mail] = await until(
					"the mail is there",
					() => server.mails.length > 0 && server.mails,
				);
				assert.deepEqual([mail.from, mail.to], [FROM, "ann@example.com"]);
				const { headers: head, text } = mail;
				assert.equal(head.subject, `Einladung zu ${name}`);
				assert.equal(head.from, `${name} <${FROM}>`);
				assert.equal(head.to, "<ann@example.com>");
				assert.equal(head["auto-submitted"], "auto-generated");
				assert.match(head["message-id"], /^<[0-9a-f-]{36}\.banter@mail\.example>$/);
				assert.ok(Math.abs(Date.parse(head.date) - Date.now()) < 60_000, head.date);
				for (const line of mail.lines)
					assert.ok(line.length <= 78 && /^[\x20-\x7e]*$/.test(line), line);
				const [link] = /http:\S+/.exec(text);
				assert.equal(link, `${banter.url}/join/${made.token}`);
				const shown = await banter.get(`/v1/invitations/${link.split("/").at(-1)}`);
				assert.equal(shown.json.organization, name);
				await until(
					"it is sent",
					async () => (await invitations(banter, headers))[0].mail === "sent",
				);
				assert.equal((await banter.metric("mails_waiting")) + server.mails.length, 1);
			}),
		));

	it("names who invites, and needs an address", () =>
		withServer({}, (server) =>
			withBanter({ env: settings(server), mail: true }, async (banter) => {
				const owner = await addUser(banter, "owner@example.com");
				const session = await logIn(banter, owner, fromElsewhere());
				const cookie = session.cookie ?? session;
				const headers = { cookie, origin: banter.url };
				await invite(banter, "ben@example.com", { headers, language: "fr" });
				const [mail] = await until(
					"the mail is there",
					() => server.mails.length > 0 && server.mails,
				);
				assert.match(mail.text, /owner@example\.com vous invite/);
				const refused = await contract.drive(banter, 422, "POST", "/v1/admin/invitations", {
					headers: ADMIN,
					body: { role: "member", send_mail: true },
				});
				assertFields(refused, ["email"]);
			}),
		));

	it("becomes a file without a mail server, complete or not there", () =>
		withBanter({ mail: true }, async (banter) => {
			assert.equal((await banter.adminGet("/v1/admin/me")).mails, true);
			const { id, token } = await invite(banter, "ann@example.com", { language: "es" });
			await stateOf(banter, id, "sent");
			const folder = join(banter.dir, "data/mail");
			const [name] = readdirSync(folder);
			assert.deepEqual(readdirSync(folder).length, 1);
			const mail = parseMail({ lines: readFileSync(join(folder, name), "latin1").split("\r\n") });
			assert.match(mail.text, new RegExp(`/join/${token}`));
			assert.match(mail.headers.subject, /^Invitación a /);
		}));

	it("is not offered in production without a mail server", () =>
		withBanter(
			{
				env: {
					APP_ENV: "production",
					CORS_ORIGIN: "https://x.example",
					ADMIN_API_KEY: ADMIN["x-admin-api-key"],
				},
			},
			async (banter) => {
				assert.equal((await banter.adminGet("/v1/admin/me")).mails, false);
				assertFields(
					await contract.drive(banter, 422, "POST", "/v1/admin/invitations", {
						headers: ADMIN,
						body: { role: "member", email: "a@example.com", send_mail: true },
					}),
					["send_mail"],
				);
			},
		));
});

describe("a mail", () => {
	const CASES = [
		["is refused for ever", "RCPT", "550 5.1.1 no such user", "failed", /550 5\.1\.1 no such user/],
		["is too large", "MAIL", "552 5.3.4 too large", "failed", /552/],
		["is refused after its text", "end", "554 5.7.1 spam", "failed", /554 5\.7\.1 spam/],
	];
	for (const [what, step, reply, state, error] of CASES)
		it(`that ${what} has failed, with the server's words`, () =>
			withServer({}, (server) =>
				withBanter({ env: settings(server), mail: true }, async (banter) => {
					server.script = (name) => (name === step ? reply : undefined);
					const { id } = await invite(banter, "ann@example.com");
					const { mail_error } = await stateOf(banter, id, state);
					assert.match(mail_error, error);
					server.script = () => undefined;
					const next = await invite(banter, "ben@example.com");
					await stateOf(banter, next.id, "sent");
					assert.deepEqual(
						server.mails.map(({ to }) => to),
						["ben@example.com"],
					);
				}),
			));

	// The store tries it again after a minute: what it keeps is enough to see.
	const LATER = [
		["connect", "421 4.3.2 busy"],
		["connect", "cut"],
		["EHLO", "cut"],
		["MAIL", "451 4.3.0 try later"],
		["MAIL", "cut"],
		["MAIL", "550 5.7.1 not your sender"],
		["RCPT", "450 4.2.0 greylisted"],
		["RCPT", "cut"],
		["DATA", "421 4.3.2 busy"],
		["DATA", "cut"],
		["end", "451 4.3.0 try later"],
		["end", "cut before"],
	];
	for (const [step, fault] of LATER)
		it(`waits after ${fault} at ${step}`, () =>
			withServer({}, (server) =>
				withBanter({ env: settings(server), mail: true }, async (banter) => {
					server.script = (name) => (name === step ? fault : undefined);
					const { id } = await invite(banter, "ann@example.com");
					await until("it was tried", () => server.counts[step] > 0);
					await until("the result is stored", () =>
						banter.log.lines.some(({ ev }) => ev === "mail_not_sent"),
					);
					const found = (await invitations(banter)).find((one) => one.id === id);
					assert.deepEqual([found.mail, found.mail_error], ["waiting", ""]);
					assert.equal(await banter.metric("mails_waiting"), 1);
					assert.equal(server.mails.length, 0);
				}),
			));

	it("has the same Message-ID when it is sent again because the answer was lost", () =>
		withServer({}, (server) =>
			withBanter(
				{ env: settings(server, { MAIL_RETRY_MS: "500" }), mail: true },
				async (banter) => {
					server.script = (step, n) => (step === "end" && n === 1 ? "cut" : undefined);
					const { id } = await invite(banter, "ann@example.com");
					await until("the result is stored", () =>
						banter.log.lines.some(
							({ ev, error }) => ev === "mail_not_sent" && /answer/.test(error),
						),
					);
					assert.equal(server.mails.length, 1);
					await stateOf(banter, id, "sent");
					assert.equal(server.mails.length, 2);
					assert.equal(server.mails[0].id, server.mails[1].id);
					assert.deepEqual(server.mails[0].lines, server.mails[1].lines);
				},
			),
		));
});

describe("the way to the mail server", () => {
	const authority = new Authority();
	const trusted = () => {
		const { key, cert } = authority.issue("mail");
		return { key: readFileSync(key), cert: readFileSync(cert), ca: authority.file };
	};

	it("is encrypted, and the login is sent only then", () => {
		const { key, cert, ca } = trusted();
		return withServer({ tls: { key, cert }, login: ["me", "secret word"] }, (server) =>
			withBanter(
				{
					env: settings(server, {
						MAIL_URL: `smtp://localhost:${server.port}`,
						MAIL_LOGIN: "me",
						MAIL_PASSWORD: "secret word",
						MAIL_CA_BUNDLE: ca,
					}),
					mail: true,
				},
				async (banter) => {
					const { id } = await invite(banter, "ann@example.com");
					await stateOf(banter, id, "sent");
					assert.equal(server.mails[0].secure, true);
				},
			),
		);
	});

	it("is not taken if the server offers no encryption, and the mail waits", () => {
		const { ca } = trusted();
		return withServer({ login: ["me", "x"] }, (server) =>
			withBanter(
				{
					env: settings(server, { MAIL_LOGIN: "me", MAIL_PASSWORD: "x", MAIL_CA_BUNDLE: ca }),
					mail: true,
				},
				async (banter) => {
					const { id } = await invite(banter, "ann@example.com");
					await banter.log.waitFor(
						"it says why",
						({ ev, error }) => ev === "mail_server_fails" && /STARTTLS/.test(error),
					);
					assert.equal(server.counts.AUTH + server.counts.MAIL, 0);
					assert.equal((await invitations(banter)).find((one) => one.id === id).mail, "waiting");
				},
			),
		);
	});

	it("is closed to a wrong password: mails wait, and the status says why", () =>
		withServer({ login: ["me", "right"] }, (server) =>
			withBanter(
				{ env: settings(server, { MAIL_LOGIN: "me", MAIL_PASSWORD: "wrong" }), mail: true },
				async (banter) => {
					await invite(banter, "ann@example.com");
					await banter.log.waitFor(
						"it says why",
						({ ev, error }) => ev === "mail_server_fails" && /535/.test(error),
					);
					const { mail } = await until("storaged knows", async () => {
						const server = await banter.adminGet("/v1/admin/server");
						return server.mail.error && server;
					});
					assert.match(mail.error, /535/);
					assert.deepEqual([mail.running, mail.waiting], [true, 1]);
					assert.equal(server.mails.length, 0);
				},
			),
		));
});

/** Of maild and of storaged, while 40 mails are sent. */
const KILLS = 10;

describe("of 40 mails", () => {
	it("none is lost or sent twice while maild and storaged are killed", () =>
		withServer({}, (server) =>
			withBanter({ env: settings(server), mail: true }, async (banter) => {
				banter.maild.restart = true;
				banter.storaged.restart = true;
				// Slow enough that a kill finds mails under way; not at the end, where a lost answer is sent again.
				const sent = [];
				for (let i = 0; i < 40; i++) {
					sent.push((await invite(banter, `person${i}@example.com`)).id);
					if (i % 8 === 3) await banter.maild.kill("SIGKILL");
					if (i % 8 === 7) {
						await banter.storaged.kill("SIGKILL");
						await banter.ready();
					}
				}
				await until("all are sent", async () =>
					(await invitations(banter)).every(({ mail }) => mail === "sent"),
				);
				const ids = server.mails.map(({ id }) => id);
				assert.equal(new Set(ids).size, 40);
				// A kill between the server's answer and its result sends again what was under way, with the same id.
				const most = Math.max(...ids.map((id) => ids.filter((one) => one === id).length));
				assert.ok(most <= 1 + KILLS, `${ids.length} mails, one of them ${most} times`);
			}),
		));
});
