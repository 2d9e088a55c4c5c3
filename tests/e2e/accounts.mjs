// Users of a banter under test, and what they ask for.

import assert from "node:assert/strict";
import { request } from "./client.mjs";
import { ADMIN_KEY } from "./harness.mjs";
import { expectTool } from "./tool.mjs";

export const ADMIN = { "x-admin-api-key": ADMIN_KEY };

/** Made by `banter user add`; what it was told is the password. */
export async function addUser(banter, email, ...args) {
	const { stdout } = await expectTool(banter, 0, "user", "add", email, "--generate", ...args);
	return { email, password: /^password: (\S+)$/m.exec(stdout)[1] };
}

/** Made by `banter org add`; its id. */
export async function addOrg(banter, name) {
	const { stdout } = await expectTool(banter, 0, "org", "add", name);
	return /^added organization (\S+),/m.exec(stdout)[1];
}

/** from: the address that a proxy tells of. */
export function postLogin(banter, body, { from, headers = {} } = {}) {
	const forwarded = from === undefined ? {} : { "x-forwarded-for": from };
	return request(banter.url, "POST", "/api/login", { headers: { ...forwarded, ...headers }, body });
}

/** How many attempts to sign in are let through at once, and after how long one more (workerd/api/api.c). */
export const ATTEMPTS = 10;
const ATTEMPT_MS = 60_000 / ATTEMPTS;

/**
 * Attempts until one is refused, and resolves to its answer: not before the tenth, and not later than a
 * slow machine's time accounts for. attempt is given the number of those before it.
 * @param {object} [earlier]
 * @param {number} [earlier.passed] attempts that were let through already
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
		assert.ok(n < most, `${n + 1} were let through`);
	}
}

/** A session that may also change things. */
export async function logIn(banter, body, options) {
	const answer = await postLogin(banter, body, options);
	assert.equal(answer.status, 200, answer.text);
	const cookie = answer.headers["set-cookie"][0].split(";")[0];
	return { cookie, host: "x", origin: "http://x" };
}
