// For tests of the admin API: requests, a second organization, and visitors of a widget, who are created with
// storaged's messages.

import assert from "node:assert/strict";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before } from "node:test";
import { dashed, newId } from "../faults/ids.mjs";
import { Peer } from "../faults/peer.mjs";
import { putRequest, recordOf } from "../faults/records.mjs";
import { ADMIN, addOrg, addUser, logIn } from "./accounts.mjs";
import { ORG, WIDGET } from "./tool.mjs";

export { ADMIN, ORG, WIDGET };
export const AGENT = "00000000-0000-7000-8000-000000000003";
export const NOBODY = "0192f000-0000-7000-8000-000000000000";
export const PUBLIC_ID = /^wid_[0-9A-Za-z]{22}$/;

/**
 * An e-mail of 253 bytes that is too long for a key of the store: case folding (Unicode 15, 3.13) makes each
 * "ᾷ" two letters of five bytes.
 */
export const LONGEST_EMAIL = `${"ᾷ".repeat(21)}@${"ᾷ".repeat(62)}.gr`;

/** Sends a request to the admin API, with ADMIN_API_KEY or other headers. */
export function adminRequest(banter, method, path, body, headers = ADMIN) {
	return banter.request(method, `/v1/admin/${path}`, { headers, body });
}

/** Sends a request to the admin API, checks the status, and resolves to the JSON. */
export async function adminExpect(banter, status, method, path, body, headers) {
	const answer = await adminRequest(banter, method, path, body, headers);
	assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
	return answer.json;
}

/** Checks that the response is 422 and lists exactly these members as invalid. */
export function assertFields(answer, names) {
	assert.equal(answer.status, 422, answer.text);
	assert.deepEqual(Object.keys(answer.json), ["error", "code", "fields", "reasons"]);
	assert.deepEqual(Object.keys(answer.json.reasons), Object.keys(answer.json.fields));
	assert.equal(answer.json.code, "invalid_fields");
	assert.deepEqual(Object.keys(answer.json.fields).sort(), [...names].sort());
}

const tagOf = ({ updated_at, updatedAt = updated_at }) => `"${updatedAt}"`;

/**
 * Of a record that was read, and has changed since: a change of the outdated version is refused with the current one
 * (If-Match), and one of the current version is made. send(status, path, body, headers) sends PUT.
 */
export async function assertVersioned(send, path, read, body) {
	const tag = (record) => ({ ...ADMIN, "if-match": tagOf(record) });
	const current = (await send(200, path, { name: "Somebody else's" }, ADMIN)).json;
	const refused = await send(412, path, body, tag(read));
	assert.equal(refused.json.code, "changed");
	assert.deepEqual(refused.json.current, current);
	assert.equal(refused.headers.etag, tagOf(current));
	const { headers, json } = await send(200, path, body, tag(current));
	assert.equal(headers.etag, tagOf(json));
	await send(200, path, body, { ...ADMIN, "if-match": "*" });
}

/** Adds an organization with a user, and logs in: { org, headers } of that session. */
export async function addOrganization(banter, name) {
	const org = await addOrg(banter, name);
	const user = await addUser(banter, `owner@${org}.example`, "--org", org);
	return { org, headers: await logIn(banter, user) };
}

/** An id as in storaged's messages. */
export const bare = (id) => id.replaceAll("-", "");

/** Connects to storaged as a worker does, or as a tool. */
export function connectToStore(banter, role = "WORKER") {
	return Peer.connect(join(banter.dir, "data", "store.sock"), role);
}

/** A tool that imports records into storaged; close() it. */
export async function openImporter(banter) {
	const tool = await connectToStore(banter, "TOOL");
	return {
		/** Imports a record of a kind with these fields; resolves to its id. */
		async add(kind, fields = {}) {
			const id = newId();
			const { kind: type, record } = putRequest(kind, { v: 1, id, org: bare(ORG), ...fields });
			await tool.ask("import_record", { type, record }, "ok");
			return dashed(id);
		},
		close: () => tool.close(),
	};
}

/** A connection to storaged for all tests of a file or a describe(), as `peer`. */
export function usePeer(banter) {
	const store = {};
	before(async () => {
		store.peer = await connectToStore(banter);
	});
	after(() => store.peer.close());
	return store;
}

/** All pages of a list; get(path) resolves to the JSON. */
export async function pagesOf(get, path, limit) {
	const pages = [];
	for (let cursor = ""; cursor !== null; cursor = pages.at(-1).nextCursor) {
		const query = `limit=${limit}${cursor === "" ? "" : `&cursor=${cursor}`}`;
		pages.push(await get(`${path}${path.includes("?") ? "&" : "?"}${query}`));
	}
	return pages;
}

const hash = (token) => createHash("sha256").update(token).digest("hex");

/** A visitor of the widget with this public id, who is stored with the first message or contact. */
export async function openVisitor(peer, publicId) {
	const token = hash(randomBytes(16));
	const { widget, visitor } = await peer.ask(
		"visitor_open",
		{ public_id: publicId, fresh_token: token, fresh_id: newId() },
		"visitor_opened",
	);
	const vouched = visitor.generation + 1;
	return { peer, token, widget, id: visitor.id, vouched, session: `~${dashed(visitor.id)}` };
}

/** Submits the visitor's contact details; resolves to the contact's id. */
export async function submitContact({ peer, token, widget, id, vouched }, contact) {
	const message = {
		...{ token, visitor: id, org: widget.org, widget: widget.id, vouched },
		...{ fresh_id: newId(), ...contact },
	};
	return dashed(recordOf("contact", await peer.ask("contact_submit", message, "record")).id);
}

/**
 * Stores a message of the visitor and a reply of this status (0: complete); open: without a reply. Resolves
 * to the conversation's id.
 */
export async function storeTurn(
	{ peer, token, widget, session, vouched },
	{ status = 0, open = false } = {},
) {
	const turn = newId();
	const { conversation } = await peer.ask(
		"turn_begin",
		{
			org: widget.org,
			widget: widget.id,
			session,
			conversation: newId(),
			message: newId(),
			turn,
			text: "a question",
			history: 1,
			visitor: token,
			vouched,
		},
		"turn_begun",
	);
	if (!open) await peer.ask("turn_finish", { turn, run: turn, status, text: "an answer" }, "ok");
	return dashed(conversation);
}

/** Adds this many widgets and agents to the first organization. */
export async function fillOrganization(peer, many) {
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

/** Resolves to a function that proves a user id as the site of this widget does: { userId, hash }. */
export async function provers(banter, widgetId) {
	const path = `widgets/${widgetId}/identity-secret`;
	const { secret } = await adminExpect(banter, 200, "POST", path);
	return (userId) => ({
		userId,
		hash: createHmac("sha256", secret).update(userId).digest("hex"),
	});
}
