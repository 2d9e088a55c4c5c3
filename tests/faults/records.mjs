// Users, agents, widgets and contacts in the store: the RECORD_… messages carry a kind and bytes.

import { TABLE } from "./table.mjs";
import { decodePayload, encodePayload } from "./wire.mjs";

const description = (kind) => TABLE[`${kind}_record`];

/** The record in an answer of a RECORD message. */
export function recordOf(kind, answer) {
	return decodePayload(description(kind), answer.record);
}

/** The stored record: by { org, id }, or by { name }. */
export async function getRecord(peer, kind, what) {
	const request = { kind: description(kind).number, ...what };
	return recordOf(kind, await peer.ask("record_get", request, "record"));
}

/** A request that creates (fresh: 1) or replaces a record. */
export function putRequest(kind, record, fresh = 0) {
	const { number } = description(kind);
	return { kind: number, fresh, record: encodePayload(description(kind), record) };
}

/** Replaces a record; resolves to the stored one. */
export async function putRecord(peer, kind, record) {
	return recordOf(kind, await peer.ask("record_put", putRequest(kind, record), "record"));
}
