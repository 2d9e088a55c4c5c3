// Visitors of a widget over many workers: the daily cap is exact, also if storaged is killed and
// requests are repeated; it resets at the end of the UTC day; one person becomes one contact.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { TIME_FACTOR } from "../e2e/daemon.mjs";
import { avoidMidnight } from "../e2e/visitors.mjs";
import { changeWidget, contactOf, countMessages, messageOf, newGuest } from "./guests.mjs";
import { ORG } from "./ids.mjs";
import { PeerGone } from "./peer.mjs";
import { listRecords, recordOf } from "./records.mjs";
import { withStore } from "./store.mjs";
import { STORE_ERRORS } from "./table.mjs";

const WORKERS = 8;
const GUESTS = 40;

const FAKETIME = `/usr/lib/${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu/faketime/libfaketime.so.1`;
const NO_FAKETIME =
	TIME_FACTOR > 1
		? "a sanitizer has to be loaded before everything else"
		: !existsSync(FAKETIME) && "libfaketime is not installed";

async function connectAll(store) {
	return Promise.all(Array.from({ length: WORKERS }, () => store.connect("WORKER")));
}

/** Whether a message was accepted; any response other than CAPPED is an error. */
function isBegun(answer) {
	if (answer.is === "turn_begun") return true;
	assert.deepEqual([answer.is, answer.code], ["error", STORE_ERRORS.CAPPED], answer.detail);
	return false;
}

async function makeGuests(peer) {
	const guests = [];
	for (let i = 0; i < GUESTS; i++) guests.push(await newGuest(peer));
	return guests;
}

describe("a widget's cap", () => {
	it("lets exactly 1,000 of 10,000 concurrent messages through", () =>
		withStore({}, async (store) => {
			await avoidMidnight();
			const peers = await connectAll(store);
			await changeWidget(peers[0], { daily_cap: 1000 });
			const guests = await makeGuests(peers[0]);
			const answers = await Promise.all(
				Array.from({ length: 10_000 }, (_, i) =>
					peers[i % WORKERS].request("turn_begin", messageOf(guests[i % GUESTS], `message ${i}`)),
				),
			);
			assert.equal(answers.filter(isBegun).length, 1000);
			assert.equal(await countMessages(peers[0]), 1000);
			for (const peer of peers) await peer.close();
		}));

	it("is exact when storaged is killed and unanswered requests are repeated", () =>
		withStore({}, async (store) => {
			await avoidMidnight();
			let peers = await connectAll(store);
			await changeWidget(peers[0], { daily_cap: 500 });
			const guests = await makeGuests(peers[0]);
			let left = Array.from({ length: 2000 }, (_, i) =>
				messageOf(guests[i % GUESTS], `message ${i}`),
			);
			let begun = 0;
			let kills = 0;
			while (left.length > 0) {
				const unanswered = [];
				let answered = 0;
				const batch = left.map(async (message, i) => {
					try {
						const answer = await peers[i % WORKERS].request("turn_begin", message);
						if (isBegun(answer)) begun++;
						if (++answered === 100 && kills < 3) {
							kills++;
							await store.kill();
						}
					} catch (error) {
						if (!(error instanceof PeerGone)) throw error;
						unanswered.push(message);
					}
				});
				await Promise.all(batch);
				left = unanswered;
				if (store.daemon.running) continue;
				await store.start();
				peers = await connectAll(store);
			}
			assert.ok(kills > 0, "it was killed in the middle");
			assert.equal(begun, 500);
			assert.equal(await countMessages(peers[0]), 500);
			for (const peer of peers) await peer.close();
		}));

	it("resets with each UTC day", { skip: NO_FAKETIME }, async () => {
		const dir = mkdtempSync(join(tmpdir(), "banter-clock-"));
		const clock = join(dir, "now");
		const setClock = (now) => writeFileSync(clock, now);
		setClock("2031-02-28 23:59:59");
		const env = {
			LD_PRELOAD: FAKETIME,
			FAKETIME_TIMESTAMP_FILE: clock,
			FAKETIME_NO_CACHE: "1",
			FAKETIME_DONT_FAKE_MONOTONIC: "1",
			TZ: "UTC",
		};
		try {
			await withStore({ env }, async (store) => {
				const peer = await store.connect("WORKER");
				await changeWidget(peer, { daily_cap: 1 });
				const guest = await newGuest(peer);
				const say = async () =>
					isBegun(await peer.request("turn_begin", messageOf(guest, "hello")));
				assert.deepEqual([await say(), await say()], [true, false]);
				setClock("2031-03-01 00:00:00");
				assert.deepEqual([await say(), await say()], [true, false]);
				setClock("2031-03-01 23:59:59");
				assert.equal(await say(), false);
				setClock("2031-03-02 00:00:00");
				assert.equal(await say(), true);
				await peer.close();
			});
		} finally {
			rmSync(dir, { recursive: true });
		}
	});
});

describe("contacts", () => {
	it("are one if two workers submit the same new e-mail at once", () =>
		withStore({}, async (store) => {
			const peers = await connectAll(store);
			const guests = await makeGuests(peers[0]);
			const written = ["ada@example.com", "Ada@Example.com", "ADA@EXAMPLE.COM"];
			const answers = await Promise.all(
				guests.map((guest, i) =>
					peers[i % WORKERS].ask(
						"contact_submit",
						contactOf(guest, { name: `Ada ${i}`, email: written[i % 3] }),
						"record",
					),
				),
			);
			assert.equal(new Set(answers.map((answer) => recordOf("contact", answer).id)).size, 1);
			const contacts = await listRecords(peers[0], "contact", { org: ORG });
			assert.equal(contacts.length, 1);
			for (const peer of peers) await peer.close();
		}));
});
