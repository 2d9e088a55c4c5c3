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
import { usePostgres, withMachines } from "./machines.mjs";

const config = readFileSync(join(ROOT, "systemd/cluster/haproxy.cfg"), "utf8");
const [greeting, ping] = [...config.matchAll(/tcp-check send-binary (\S+)/g)].map(
	([, bytes]) => bytes,
);
const [, answer] = /tcp-check expect rbinary (\S+)/.exec(config);

/** The number of the check's request. */
const NUMBER = Buffer.from("HAProxy!").readBigUInt64LE();
const hex = (frame) => frame.toString("hex");

/** Sends what HAProxy sends; resolves to the connection, whose `bytes` are what it has received. */
async function check(path) {
	const socket = connect(path);
	await once(socket, "connect");
	socket.bytes = Buffer.alloc(0);
	socket.on("data", (piece) => {
		socket.bytes = Buffer.concat([socket.bytes, piece]);
	});
	socket.write(Buffer.from(greeting + ping, "hex"));
	return socket;
}

const isPassed = ({ bytes }) => new RegExp(answer).test(hex(bytes).toUpperCase());

/** The whole frames of what was received. */
function frames(bytes) {
	const all = [];
	for (let rest = bytes, frame = takeFrame(rest); frame; frame = takeFrame(rest)) {
		all.push(frame);
		rest = rest.subarray(frame.size);
	}
	return all;
}

describe("HAProxy's check for the owner of the store", () => {
	const banter = useBanter({ workers: 1 });
	const postgres = usePostgres();

	it("is a worker's hello and a PING of this version's protocol", () => {
		const mine = hex(hello("WORKER", { pid: 0, program: "haproxy" }));
		assert.equal(greeting, mine, "after a new WIRE_VERSION, put these bytes into haproxy.cfg");
		assert.equal(ping, hex(encode("ping", {}, NUMBER)));
	});

	it("expects a PONG, or the ERROR of a damaged store, and no other answer", () => {
		const pattern = new RegExp(answer);
		const matches = (...message) => pattern.test(hex(encode(...message)).toUpperCase());
		assert.ok(matches("pong", { writable: 1, owner: 1 }, NUMBER));
		assert.ok(matches("pong", { writable: 0, owner: 1 }, NUMBER));
		assert.ok(matches("error", { code: 1, detail: "damaged" }, NUMBER));
		assert.ok(!matches("ok", {}, NUMBER));
		assert.ok(!matches("pong", { writable: 1, owner: 1 }, NUMBER + 1n));
		assert.ok(!matches("pong", { writable: 1, owner: 0 }, NUMBER));
	});

	// What it acknowledged would be lost when it gets the data of the others.
	it("is not passed by a store without a log", async () => {
		const socket = await check(join(banter.dir, "data", "store.sock"));
		await until("an answer", () => frames(socket.bytes).length === 2);
		assert.deepEqual(
			frames(socket.bytes).map(({ is }) => is),
			["hello", "pong"],
		);
		assert.ok(!isPassed(socket));
		socket.destroy();
	});

	it("is passed by the owner", () =>
		withMachines(postgres, async (machines) => {
			const { socket: path } = await machines.found("a");
			const socket = await check(path);
			await until("an answer", () => isPassed(socket));
			socket.destroy();
		})());
});
