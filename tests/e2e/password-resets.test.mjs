// A forgotten password: a mail with a link, by which the user sets a new one. What the store does with links is tested in
// tests/unit/storaged/mail/resets.scenario.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addUser, fromElsewhere, LONG_PENALTY, logIn, postLogin } from "./accounts.mjs";
import { assertError } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { until, withBanter } from "./harness.mjs";
import { ADMIN, assertFields } from "./organizations.mjs";
import { MailServer } from "./smtp.mjs";

const PASSWORD = "a new long password";
const ANN = "Ann@example.com";
const ANSWER_MS = 1000;
const ASKED_MAX = 10;
const MAILS_MAX = 3;

const contract = new Contract();

/** body(banter, server) */
async function withMails(body, env = {}) {
	const server = await new MailServer({}).start();
	const settings = { MAIL_URL: server.url, MAIL_FROM: "banter@mail.example", ...env };
	try {
		await withBanter(
			{ env: { TRUSTED_PROXIES: "127.0.0.1,::1", ...settings }, mail: true },
			async (banter) => body(banter, server),
		);
	} finally {
		await server.stop();
	}
}

/** A request of somebody without a session; each from an address of its own, unless `from` is given. */
const send = (
	banter,
	status,
	method,
	path,
	body,
	{ from = fromElsewhere().from, ...headers } = {},
) =>
	contract.drive(banter, status, method, `/v1/password-resets${path}`, {
		headers: { "x-forwarded-for": from, ...headers },
		body,
	});
const ask = (banter, email, headers) => send(banter, 202, "POST", "", { email }, headers);
const mailed = (server, n = 1) =>
	until(`${n} mails`, () => server.mails.length >= n && server.mails[n - 1]);
const tokenOf = (mail) => /\/reset\/(\S+)/.exec(mail.text)[1];
/** What can be compared of two responses. */
const shape = ({ status, headers, text }) => {
	const { date, "x-request-id": id, ...rest } = headers;
	return { status, text, headers: rest, has: [Boolean(date), Boolean(id)] };
};

describe("a forgotten password", () => {
	it("is replaced by a link in a mail, once, and all sessions end", () =>
		withMails(async (banter, server) => {
			const ann = await addUser(banter, ANN);
			const sessions = [
				await logIn(banter, ann, fromElsewhere()),
				await logIn(banter, ann, fromElsewhere()),
			];
			const asked = await ask(banter, "ann@EXAMPLE.com", { "accept-language": "de-AT,en;q=0.5" });
			assert.deepEqual(asked.json, { ok: true });
			const mail = await mailed(server);
			assert.deepEqual([mail.to, mail.headers.subject], [ANN, "Ihr neues Passwort für Default"]);
			assert.equal(mail.headers["auto-submitted"], "auto-generated");
			assert.ok(mail.text.includes(`${banter.url}/reset/`));
			const token = tokenOf(mail);
			const shown = (await send(banter, 200, "GET", `/${token}`)).json;
			assert.deepEqual([shown.organization, shown.email], ["Default", ANN]);
			assert.ok(Math.abs(shown.expires_at - Date.now() - 3_600_000) < 60_000);
			assertFields(await send(banter, 422, "POST", `/${token}`, { password: "short" }), [
				"password",
			]);
			const used = await send(banter, 200, "POST", `/${token}`, { password: PASSWORD });
			assert.deepEqual([used.json, used.headers["set-cookie"]], [{ ok: true }, undefined]);
			for (const session of sessions)
				assert.equal((await banter.get("/v1/admin/me", session)).status, 401);
			assert.equal((await postLogin(banter, ann, fromElsewhere())).status, 401);
			await logIn(banter, { ...ann, password: PASSWORD }, fromElsewhere());
			for (const [method, body] of [["GET"], ["POST", { password: PASSWORD }]])
				assertError(await send(banter, 404, method, `/${token}`, body), 404, "Link not found");
			const lines = banter.log.lines.filter(({ ev }) => ev.startsWith("password_reset"));
			assert.deepEqual(
				lines.map(({ ev }) => ev),
				["password_reset_asked", "password_reset_mailed", "password_reset"],
			);
			assert.equal(lines[1].user, lines[2].user);
			assert.ok(!JSON.stringify(banter.log.lines).includes(token.split(".")[1]));
		}));

	it("is answered alike, and not sooner, whether there is such a user or not", () =>
		withMails(async (banter, server) => {
			await addUser(banter, ANN);
			const answers = [];
			for (const email of [ANN, "nobody@example.com"]) {
				const at = performance.now();
				answers.push(shape(await ask(banter, email)));
				assert.ok(performance.now() - at >= ANSWER_MS - 50, "the answer waits for its time");
			}
			assert.deepEqual(answers[0], answers[1]);
			await mailed(server);
			assert.equal(await banter.metric("mails_waiting"), 0);
			assert.deepEqual(
				server.mails.map(({ to }) => to),
				[ANN],
			);
		}));

	it("can be asked for ten times an hour by a client, and gets a user three mails", () =>
		withMails(async (banter, server) => {
			await addUser(banter, ANN);
			const { from } = fromElsewhere();
			await Promise.all(
				Array.from({ length: ASKED_MAX }, (_, i) =>
					ask(banter, `nobody${i}@example.com`, { from }),
				),
			);
			assertError(
				await send(banter, 429, "POST", "", { email: ANN }, { from }),
				429,
				"Too many login attempts",
			);
			// A mail that still waits is replaced by the next one.
			for (let n = 1; n <= MAILS_MAX; n++) {
				await ask(banter, ANN);
				await mailed(server, n);
			}
			await ask(banter, ANN);
			await banter.log.waitFor("the limit", ({ ev }) => ev === "password_reset_limited");
			const last = await mailed(server, MAILS_MAX);
			await send(banter, 200, "GET", `/${tokenOf(last)}`);
			await send(banter, 404, "GET", `/${tokenOf(server.mails[0])}`);
			assert.equal(server.mails.length, MAILS_MAX);
		}));

	it("has a link that works for somebody who has used up the attempts at the password", () =>
		withMails(
			async (banter, server) => {
				const ann = await addUser(banter, ANN);
				const { from } = fromElsewhere();
				const guess = (status) =>
					postLogin(banter, { email: ANN, password: "forgotten" }, { from }).then((answer) =>
						assert.equal(answer.status, status, answer.text),
					);
				await guess(401);
				await guess(401);
				await guess(429);
				await ask(banter, ANN, { from });
				const token = tokenOf(await mailed(server));
				await send(banter, 200, "GET", `/${token}`, undefined, { from });
				await send(banter, 200, "POST", `/${token}`, { password: PASSWORD }, { from });
				await guess(429);
				await logIn(banter, { ...ann, password: PASSWORD }, fromElsewhere());
			},
			{ LOGIN_FAILURES: "2", ...LONG_PENALTY },
		));

	it("cannot be replaced by guessing: unknown tokens are limited like wrong passwords", () =>
		withMails(
			async (banter) => {
				const { from } = fromElsewhere();
				for (const token of ["x", `${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}.x`])
					await send(banter, 404, "GET", `/${token}`, undefined, { from });
				await send(banter, 429, "GET", "/x", undefined, { from });
				await send(banter, 429, "POST", "/x", { password: PASSWORD }, { from });
			},
			{ LOGIN_FAILURES: "2", ...LONG_PENALTY },
		));

	it("needs a valid request of our own page", () =>
		withMails(async (banter) => {
			await send(banter, 400, "POST", "", "[]");
			await send(banter, 400, "POST", "/x", "[]");
			assertFields(await send(banter, 422, "POST", "", { email: "x" }), ["email"]);
			assertFields(await send(banter, 422, "POST", "", {}), ["email"]);
			await send(banter, 413, "POST", "", "x".repeat(4097));
			await send(banter, 413, "POST", "/x", "x".repeat(16385));
			await send(banter, 403, "POST", "", { email: ANN }, { origin: "https://elsewhere.example" });
			contract.assertComplete("password-resets");
		}));

	it("is not replaced without a mail server: the answer says so, as the login does", () =>
		withBanter(
			{
				env: {
					APP_ENV: "production",
					CORS_ORIGIN: "https://x.example",
					ADMIN_API_KEY: ADMIN["x-admin-api-key"],
				},
			},
			async (banter) => {
				const refused = await send(banter, 503, "POST", "", { email: ANN });
				assert.equal(refused.json.code, "mail_not_configured");
				assert.equal((await banter.get("/api/login")).json.mails, false);
			},
		));
});

describe("the mail of a forgotten password", () => {
	it("is not lost while storaged and maild are killed, and its link works", () =>
		withMails(async (banter, server) => {
			await addUser(banter, ANN);
			banter.maild.restart = true;
			banter.storaged.restart = true;
			await banter.maild.kill("SIGKILL");
			await ask(banter, ANN);
			await banter.storaged.kill("SIGKILL");
			await banter.ready();
			const mail = await mailed(server);
			await send(banter, 200, "POST", `/${tokenOf(mail)}`, { password: PASSWORD });
			await logIn(banter, { email: ANN, password: PASSWORD }, fromElsewhere());
			// A kill between the server's answer and its result sends it again, with the same id.
			assert.equal(new Set(server.mails.map(({ id }) => id)).size, 1);
		}));

	it("has the same link when it is sent again because the answer was lost", () =>
		withMails(
			async (banter, server) => {
				await addUser(banter, ANN);
				server.script = (step, n) => (step === "end" && n === 1 ? "cut" : undefined);
				await ask(banter, ANN);
				await mailed(server, 2);
				assert.deepEqual(server.mails[0].lines, server.mails[1].lines);
				await send(banter, 200, "GET", `/${tokenOf(server.mails[0])}`);
			},
			{ MAIL_RETRY_MS: "500" },
		));
});
