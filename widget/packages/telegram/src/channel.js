// A channel of a banter server: messages, files and receipts to it, and the proof that a delivery is its own.

import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto";

const TOLERANCE_S = 300;

/** The signature of Standard Webhooks. */
function sign(secret, id, seconds, body) {
	const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
	return createHmac("sha256", key).update(`${id}.${seconds}.`).update(body).digest("base64");
}

/** Whether a delivery was signed with the secret, now. */
export function verify(secret, headers, body) {
	const { "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": given } = headers;
	if (!id || !given || !(Math.abs(Date.now() / 1000 - Number(seconds)) < TOLERANCE_S)) return false;
	const expected = Buffer.from(`v1,${sign(secret, id, seconds, body)}`);
	return given.split(" ").some((one) => {
		const signature = Buffer.from(one);
		return signature.length === expected.length && timingSafeEqual(signature, expected);
	});
}

/** Why an answer is none: retryAfterMs says when to try again; without it, another attempt is of no use. */
function refusalOf({ status, headers }, json) {
	const after = Number(headers.get("retry-after"));
	const refusal = { status, code: json.code, error: json.details ?? json.error };
	if (after > 0 && after <= 3600) return { ...refusal, retryAfterMs: after * 1000 };
	// A wrong secret or address is mended by the owner: nothing is lost meanwhile.
	if (status >= 500 || status === 401 || json.code === "not_found" || json.code === "disabled")
		return { ...refusal, retryAfterMs: 10_000 };
	return refusal;
}

export class Channel {
	constructor({ url, secret }) {
		this.url = url.replace(/\/+$/, "");
		this.secret = secret;
	}

	/** Resolves to {json}, or to {refusal}. */
	async #ask(url, options) {
		try {
			const signal = AbortSignal.timeout(60_000);
			const response = await fetch(url, { redirect: "error", signal, ...options });
			const json = await response.json();
			return response.ok ? { json } : { refusal: refusalOf(response, json) };
		} catch (error) {
			return { refusal: { error: error.cause?.message ?? error.message, retryAfterMs: 2000 } };
		}
	}

	#post(what, value) {
		const body = JSON.stringify(value);
		const id = randomUUID();
		const seconds = Math.floor(Date.now() / 1000);
		return this.#ask(`${this.url}/${what}`, {
			method: "POST",
			headers: {
				"content-type": "application/json",
				"webhook-id": id,
				"webhook-timestamp": `${seconds}`,
				"webhook-signature": `v1,${sign(this.secret, id, seconds, body)}`,
			},
			body,
		});
	}

	/** Sends a message. accepted: it is stored. Else it is as refusalOf() says, and text is what the person may read. */
	async send(message) {
		const { json, refusal } = await this.#post("messages", message);
		if (json !== undefined) return { accepted: true, replyId: json.replyId };
		if (refusal.code === "id_conflict") {
			if (message.answer !== undefined) return { accepted: false, error: "Already answered" };
			// An earlier attempt was stored, and its file or its text could be read better or worse than now.
			return { accepted: true };
		}
		const { status, retryAfterMs, error } = refusal;
		const text = retryAfterMs === undefined && status !== 400 ? error : undefined;
		return { accepted: false, ...refusal, text };
	}

	/** Says how far a message has come. Resolves to the refusal if it must be said again. */
	async report(receipt) {
		const { refusal } = await this.#post("receipts", receipt);
		return refusal?.retryAfterMs === undefined ? undefined : refusal;
	}

	/** Sends a file of a person; its id is the other chat's own. Resolves to {id}, banter's own, or to {refusal}. */
	async upload({ id, from, name }, bytes) {
		const sha256 = createHash("sha256").update(bytes).digest("hex");
		const announced = { id, from: { id: from.id }, name, bytes: bytes.length, sha256 };
		const { json: file, refusal } = await this.#post("files", announced);
		if (file === undefined) return { refusal };
		if (file.offset === file.bytes) return { id: file.id };
		const sent = await this.#ask(new URL(`/v1/files/${file.id}`, this.url), {
			method: "PATCH",
			headers: { "upload-token": file.token, "upload-offset": `${file.offset}` },
			body: bytes.subarray(file.offset),
		});
		if (sent.json?.complete) return { id: file.id };
		// Cut on its way, or too many at the same time: it goes on from where it is.
		const { status } = sent.refusal ?? {};
		if (sent.json !== undefined || [408, 409, 429].includes(status))
			return { refusal: { status, error: "the file was cut", retryAfterMs: 1000 } };
		return { refusal: sent.refusal };
	}

	/** The bytes of a file of a delivery; null: it exists no more. */
	async load({ url }) {
		if (url === null) throw new Error("the file has no address for a moment");
		const response = await fetch(new URL(url, this.url), {
			redirect: "error",
			signal: AbortSignal.timeout(60_000),
		});
		if (response.status === 404 || response.status === 410) return null;
		if (!response.ok) throw new Error(`status ${response.status} of a file`);
		return Buffer.from(await response.arrayBuffer());
	}
}
