// What the tests of the admin API have in common: asking it, a second organization, and visitors who
// come to a widget, as the store hears of them.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { Peer } from "../faults/peer.mjs";
import { putRequest, recordOf } from "../faults/records.mjs";
import { ADMIN, addOrg, addUser, logIn } from "./accounts.mjs";
import { ORG, WIDGET } from "./tool.mjs";

export { ORG, WIDGET };
export const AGENT = "00000000-0000-7000-8000-000000000003";
export const NOBODY = "0192f000-0000-7000-8000-000000000000";
export const PUBLIC_ID = /^wid_[0-9A-Za-z]{22}$/;

/** An e-mail of 253 bytes. To be found in any case it is folded (Unicode 15, 3.13), and "ᾷ" becomes two
 * letters of five bytes: too many for a key of the store. */
export const LONGEST_EMAIL = `${"ᾷ".repeat(21)}@${"ᾷ".repeat(62)}.gr`;

/** Asks as whoever knows ADMIN_API_KEY, or by other headers. */
export function adminRequest(banter, method, path, body, headers = ADMIN) {
	return banter.request(method, `/v1/admin/${path}`, { headers, body });
}

/** The same, and the answer's JSON; it must have this status. */
export async function adminExpect(banter, status, method, path, body, headers) {
	const answer = await adminRequest(banter, method, path, body, headers);
	assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
	return answer.json;
}

/** Fails unless the answer is the 422 that names exactly these members. */
export function assertFields(answer, names) {
	assert.equal(answer.status, 422, answer.text);
	assert.deepEqual(Object.keys(answer.json), ["error", "code", "fields"]);
	assert.equal(answer.json.code, "invalid_fields");
	assert.deepEqual(Object.keys(answer.json.fields).sort(), [...names].sort());
}

/** An organization with a user, who is signed in: its id and the headers of that session. */
export async function addOrganization(banter, name) {
	const org = await addOrg(banter, name);
	const user = await addUser(banter, `owner@${org}.example`, "--org", org);
	return { org, headers: await logIn(banter, user) };
}

/** A line to the store, as a worker has one. */
export function connectToStore(banter) {
	return Peer.connect(join(banter.dir, "data", "store.sock"));
}

const hash = (token) => createHash("sha256").update(token).digest("hex");

let made = 0;

/** Later ones are greater, as those of one worker are. */
const id = () => `0192f00000007000a${String(++made).padStart(15, "0")}`;
const dashed = (hex) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

/** Somebody who has come to the widget with this public id. */
export async function openVisitor(peer, publicId) {
	const token = hash(randomBytes(16));
	const { widget, visitor } = await peer.ask(
		"visitor_open",
		{ public_id: publicId, fresh_token: token, fresh_id: id() },
		"visitor_opened",
	);
	return { peer, token, widget, session: `~${dashed(visitor.id)}` };
}

/** The visitor says who it is; resolves to the contact's id. */
export async function submitContact({ peer, token }, contact) {
	const message = { token, fresh_id: id(), ...contact };
	return dashed(recordOf("contact", await peer.ask("contact_submit", message, "record")).id);
}

/** The visitor sends a message, and gets a reply of this status (0: complete); or none yet. Resolves
 * to the conversation's id. */
export async function storeTurn(
	{ peer, token, widget, session },
	{ status = 0, open = false } = {},
) {
	const turn = id();
	const { conversation } = await peer.ask(
		"turn_begin",
		{
			org: widget.org,
			widget: widget.id,
			session,
			conversation: id(),
			message: id(),
			turn,
			text: "a question",
			history: 1,
			visitor: token,
		},
		"turn_begun",
	);
	if (!open) await peer.ask("turn_finish", { turn, run: turn, status, text: "an answer" }, "ok");
	return dashed(conversation);
}

/** Fills the first organization with so many widgets and agents, by way of the store. */
export async function fillOrganization(peer, many) {
	const bare = (id) => id.replaceAll("-", "");
	const fill = async (i) => {
		const number = String(i).padStart(15, "0");
		const common = { v: 1, id: `0192f00000007000b${number}`, org: bare(ORG), enabled: 1 };
		const widget = { ...common, agent: bare(AGENT), public_id: `wid_0000000${number}` };
		const agent = { ...common, name: "One of many" };
		await peer.request("record_put", putRequest("agent", agent, 1));
		await peer.request("record_put", putRequest("widget", widget, 1));
	};
	await Promise.all(Array.from({ length: many }, (_, i) => fill(i)));
}
