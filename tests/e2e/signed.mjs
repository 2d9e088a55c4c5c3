// The proof that a request comes from a channel's adapter.

import { randomUUID } from "node:crypto";
import { Webhook } from "standardwebhooks";

/** The headers of Standard Webhooks, by the public library that receivers use. */
export function signed(secret, body, { id = randomUUID(), at = Date.now() } = {}) {
	return {
		"webhook-id": id,
		"webhook-timestamp": `${Math.floor(at / 1000)}`,
		"webhook-signature": new Webhook(secret).sign(id, new Date(at), body),
	};
}
