// Organizations, users and their logins.

import assert from "node:assert/strict";
import { request } from "./client.mjs";
import { ADMIN_KEY } from "./harness.mjs";
import { expectTool } from "./tool.mjs";

export const ADMIN = { "x-admin-api-key": ADMIN_KEY };

/** Adds a user with `banter user add`; resolves to { email, password }. */
export async function addUser(banter, email, ...args) {
	const { stdout } = await expectTool(banter, 0, "user", "add", email, "--generate", ...args);
	return { email, password: /^password: (\S+)$/m.exec(stdout)[1] };
}

/** Adds an organization with `banter org add`; resolves to its id. */
export async function addOrg(banter, name) {
	const { stdout } = await expectTool(banter, 0, "org", "add", name);
	return /^added organization (\S+),/m.exec(stdout)[1];
}

/** POST /api/login. from: the client's address in X-Forwarded-For. */
export function postLogin(banter, body, { from, headers = {} } = {}) {
	const forwarded = from === undefined ? {} : { "x-forwarded-for": from };
	return request(banter.url, "POST", "/api/login", { headers: { ...forwarded, ...headers }, body });
}

let sources = 0;

/** Options of postLogin(): the client's address has its own limit of logins (TRUSTED_PROXIES must be set). */
export const fromElsewhere = () => ({ from: `10.0.${++sources}.1` });

/** Settings with which an address that is blocked stays blocked during a test. */
export const LONG_PENALTY = { LOGIN_PENALTY_MS: "600000" };

/** Logs in; resolves to the headers of a session that may also change things. */
export async function logIn(banter, body, options) {
	const answer = await postLogin(banter, body, options);
	assert.equal(answer.status, 200, answer.text);
	const cookie = answer.headers["set-cookie"][0].split(";")[0];
	return { cookie, host: "x", origin: "http://x" };
}
