// What reads much at storaged waits for what reads little, and organizations take turns (storaged/request/long_reads.h).

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useBanter } from "./harness.mjs";
import { addOrganization, bare, connectToStore, ORG } from "./organizations.mjs";

describe("storaged", () => {
	const banter = useBanter({ workers: 1 });
	const numbersOf = (peer, org) => peer.ask("numbers_read", { org, to: 1_000_000 }, "numbers_page");

	it("answers requests that read little first, and lets organizations take turns", async () => {
		const { org } = await addOrganization(banter, "Other");
		const peer = await connectToStore(banter);
		const order = [];
		const note = (name) => () => void order.push(name);
		const asked = Array.from({ length: 30 }, () => numbersOf(peer, bare(ORG)).then(note("many")));
		for (let i = 0; i < 2; i++) asked.push(numbersOf(peer, bare(org)).then(note("few")));
		asked.push(peer.ask("org_get", { org: bare(ORG) }, "org").then(note("short")));
		await Promise.all(asked);
		assert.deepEqual(order.slice(0, 5), ["short", "many", "few", "many", "few"]);
		await peer.close();
	});

	it("answers all, also if there are more than may wait", async () => {
		const peer = await connectToStore(banter);
		await Promise.all(Array.from({ length: 500 }, () => numbersOf(peer, bare(ORG))));
		await peer.close();
	});

	it("forgets what a peer that is gone has asked for", async () => {
		for (let i = 0; i < 20; i++) {
			const peer = await connectToStore(banter);
			for (let k = 0; k < 60; k++) numbersOf(peer, bare(ORG)).catch(() => {});
			await new Promise(setImmediate);
			await peer.close();
		}
		const peer = await connectToStore(banter);
		await numbersOf(peer, bare(ORG));
		await peer.close();
	});
});
