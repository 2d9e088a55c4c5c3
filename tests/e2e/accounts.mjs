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

/** Login attempts that are allowed at once; then one more is allowed each ATTEMPT_MS (workerd/api/api.c). */
export const ATTEMPTS = 10;
const ATTEMPT_MS = 60_000 / ATTEMPTS;

/**
 * Calls attempt(n), n being the number of attempts before it, until the response is 429, and resolves to
 * that response. Fails if the limit is reached too early, or too late for the time that has passed.
 * @param {object} [earlier]
 * @param {number} [earlier.passed] attempts that were allowed before
 * @param {number} [earlier.since] performance.now() before the first of them
 */
export async function untilRefused(attempt, { passed = 0, since = performance.now() } = {}) {
	for (let n = passed; ; n++) {
		const answer = await attempt(n);
		if (answer.status === 429) {
			assert.ok(n >= ATTEMPTS, `refused after ${n}`);
			return answer;
		}
		const most = ATTEMPTS + Math.floor((performance.now() - since) / ATTEMPT_MS);
		assert.ok(n < most, `${n + 1} attempts were allowed`);
	}
}

/** Logs in; resolves to the headers of a session that may also change things. */
export async function logIn(banter, body, options) {
	const answer = await postLogin(banter, body, options);
	assert.equal(answer.status, 200, answer.text);
	const cookie = answer.headers["set-cookie"][0].split(";")[0];
	return { cookie, host: "x", origin: "http://x" };
}
