// A receiver of webhooks.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { until } from "./harness.mjs";

/** Answers each delivery with the status that `answer` returns, and keeps all deliveries. */
export class Receiver {
	deliveries = [];
	answer = () => 200;
	headers = {}; // of its responses, besides its own

	async start() {
		this.server = createServer(async (request, response) => {
			let body = "";
			for await (const piece of request) body += piece;
			const delivery = {
				headers: request.headers,
				path: request.url,
				body,
				json: JSON.parse(body),
			};
			this.deliveries.push(delivery);
			const status = await this.answer(delivery);
			response.writeHead(status, { location: "/elsewhere", ...this.headers }).end("thanks");
		});
		await new Promise((listening) => this.server.listen(0, "127.0.0.1", listening));
		this.url = `http://127.0.0.1:${this.server.address().port}/hook`;
	}

	stop() {
		this.server.closeAllConnections();
		this.server.close();
	}

	/** The events of this kind, in the order of their first delivery. */
	events(kind) {
		const first = new Map();
		for (const { headers, json } of this.deliveries)
			if (!first.has(headers["x-banter-delivery"])) first.set(headers["x-banter-delivery"], json);
		return [...first.values()].filter((json) => kind === undefined || json.kind === kind);
	}

	/**
	 * Waits until it has received these events (of GET /v1/admin/events), and asserts that it has received no others,
	 * and the events of each conversation in order. A repeated delivery counts once.
	 */
	async assertReceived(events) {
		const wanted = events.map(({ seq }) => seq);
		await until("the receiver has all events", () => this.events().length >= wanted.length);
		const received = this.events();
		assert.deepEqual(
			received.map(({ seq }) => seq).sort((a, b) => a - b),
			wanted,
		);
		const last = new Map();
		for (const { seq, conversationId } of received) {
			assert.ok(seq > (last.get(conversationId) ?? 0), "in order within a conversation");
			last.set(conversationId, seq);
		}
	}
}
