// The example files for several machines (systemd/cluster). `make test-cluster` runs them on three machines.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { hello } from "../faults/peer.mjs";
import { encode, takeFrame } from "../faults/wire.mjs";
import { ROOT, until, useBanter } from "./harness.mjs";

const config = readFileSync(join(ROOT, "systemd/cluster/haproxy.cfg"), "utf8");
const [greeting, ping] = [...config.matchAll(/tcp-check send-binary (\S+)/g)].map(
	([, bytes]) => bytes,
);
const [, answer] = /tcp-check expect rbinary (\S+)/.exec(config);

/** The number of the check's request. */
const NUMBER = Buffer.from("HAProxy!").readBigUInt64LE();
const hex = (frame) => frame.toString("hex");

describe("HAProxy's check for the owner of the store", () => {
	const banter = useBanter({ workers: 1 });

	it("is a worker's hello and a PING of this version's protocol", () => {
		const mine = hex(hello("WORKER", { pid: 0, program: "haproxy" }));
		assert.equal(greeting, mine, "after a new WIRE_VERSION, put these bytes into haproxy.cfg");
		assert.equal(ping, hex(encode("ping", {}, NUMBER)));
	});

	it("expects a PONG, or the ERROR of a damaged store, and no other answer", () => {
		const pattern = new RegExp(answer);
		const matches = (...message) => pattern.test(hex(encode(...message)).toUpperCase());
		assert.ok(matches("pong", { writable: 1 }, NUMBER));
		assert.ok(matches("pong", { writable: 0 }, NUMBER));
		assert.ok(matches("error", { code: 1, detail: "damaged" }, NUMBER));
		assert.ok(!matches("ok", {}, NUMBER));
		assert.ok(!matches("pong", { writable: 1 }, NUMBER + 1n));
	});

	it("is answered by storaged", async () => {
		const socket = connect(join(banter.dir, "data", "store.sock"));
		await once(socket, "connect");
		let bytes = Buffer.alloc(0);
		socket.on("data", (piece) => {
			bytes = Buffer.concat([bytes, piece]);
		});
		socket.write(Buffer.from(greeting + ping, "hex"));
		await until("an answer", () => new RegExp(answer).test(hex(bytes).toUpperCase()));
		assert.equal(takeFrame(bytes).is, "hello");
		socket.destroy();
	});
});
