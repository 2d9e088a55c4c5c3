// One browser's logins, one after the other, as seen by their worker: an acknowledged login is
// valid until its end is acknowledged, then it is invalid.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { NO_ID, newId, ORG } from "./ids.mjs";
import { PeerGone } from "./peer.mjs";
import { STORE_ERRORS } from "./table.mjs";

const EXPIRES_AT = Date.now() + 24 * 3600 * 1000;

export class Login {
	token = randomBytes(32).toString("hex");
	id = newId();
	there = false;
	pending = undefined; // whether it is to be there: asked, and not answered
	ended = []; // tokens

	/** Logs in or out, repeated without a response. Resolves to the error if it was refused. */
	async step(peer) {
		this.pending ??= { there: !this.there };
		const { pending, token } = this;
		pending.refused = false;
		const asked = pending.there
			? peer.request("login_create", this.#asked())
			: peer.request("login_delete", { token });
		const answer = await asked.catch((error) => {
			if (error instanceof PeerGone) pending.doubtful = true;
			throw error;
		});
		if (answer.is === "error") {
			pending.refused = true;
			return answer;
		}
		assert.equal(answer.is, "ok");
		this.#done();
		return undefined;
	}

	#asked() {
		const { id, token } = this;
		const whose = { org: ORG, user: NO_ID, address: "127.0.0.1", program: "test" };
		return { ...whose, id, token, expires_at: EXPIRES_AT };
	}

	#done() {
		this.there = this.pending.there;
		this.pending = undefined;
		if (this.there) return;
		this.ended.push(this.token);
		this.token = randomBytes(32).toString("hex");
		this.id = newId();
	}

	async #isThere(peer, token) {
		const answer = await peer.request("login_check", { token });
		if (answer.is === "error" && answer.code === STORE_ERRORS.NOT_FOUND) return false;
		assert.equal(answer.is, "login", answer.detail);
		assert.equal(answer.login.org, ORG);
		assert.equal(answer.login.expires_at, EXPIRES_AT);
		return true;
	}

	async check(peer, { whole = false } = {}) {
		const there = await this.#isThere(peer, this.token);
		const { pending } = this;
		if (!pending || (pending.refused && !pending.doubtful)) assert.equal(there, this.there);
		for (const token of this.ended.slice(whole ? 0 : -1))
			assert.equal(await this.#isThere(peer, token), false, "a login that was ended");
	}
}
