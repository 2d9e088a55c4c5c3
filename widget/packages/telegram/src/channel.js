// A channel of a banter server: messages to it, and the proof that a delivery is its own.

import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

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

export class Channel {
	constructor({ url, secret }) {
		this.url = `${url.replace(/\/+$/, "")}/messages`;
		this.secret = secret;
	}

	/**
	 * Sends a message. accepted: it is stored. Else retryAfterMs says when it may come again; without it, another attempt is
	 * of no use, and text is what the person may read.
	 */
	async send(message) {
		const body = JSON.stringify(message);
		const id = randomUUID();
		const seconds = Math.floor(Date.now() / 1000);
		let response;
		let json;
		try {
			response = await fetch(this.url, {
				method: "POST",
				headers: {
					"content-type": "application/json",
					"webhook-id": id,
					"webhook-timestamp": `${seconds}`,
					"webhook-signature": `v1,${sign(this.secret, id, seconds, body)}`,
				},
				body,
				redirect: "error",
				signal: AbortSignal.timeout(30_000),
			});
			json = await response.json();
		} catch (error) {
			return { accepted: false, error: error.cause?.message ?? error.message, retryAfterMs: 2000 };
		}
		const { status } = response;
		if (status === 202) return { accepted: true, replyId: json.replyId };
		const after = Number(response.headers.get("retry-after"));
		const refusal = { accepted: false, status, error: json.details ?? json.error };
		if (after > 0 && after <= 3600) return { ...refusal, retryAfterMs: after * 1000 };
		// A wrong secret or address is mended by the owner: nothing is lost meanwhile.
		if (status >= 500 || status === 401 || status === 404 || json.code === "disabled")
			return { ...refusal, retryAfterMs: 10_000 };
		return { ...refusal, text: status === 400 ? undefined : json.error };
	}
}
