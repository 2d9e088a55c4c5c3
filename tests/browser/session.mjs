// Sessions of the dashboard for browsers. A login costs a fifth of a second of processor time, because the
// password is hashed: browsers of the same user share one.

import { logIn } from "../e2e/accounts.mjs";

/** For each banter: the sessions by e-mail address. */
const sessions = new WeakMap();

/** who: { password }, or also { email }. */
function sessionOf(banter, who) {
	if (!sessions.has(banter)) sessions.set(banter, new Map());
	const own = sessions.get(banter);
	const email = who.email ?? "";
	if (!own.has(email)) own.set(email, logIn(banter, who));
	return own.get(email);
}

/** Signs a browser profile in. */
export async function addSession(context, banter, who) {
	const { cookie } = await sessionOf(banter, who);
	const [name, value] = cookie.split("=");
	await context.addCookies([{ name, value, url: banter.url }]);
}
