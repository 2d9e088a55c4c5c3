// Access to storaged: its own user, root, and the members of STORE_GROUP as workers. Everyone else is refused before
// the first byte, with one log line, whatever the socket's permissions.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, statSync } from "node:fs";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { until } from "../e2e/daemon.mjs";
import { Bystander } from "./bystander.mjs";
import { hello } from "./peer.mjs";
import { Store, withStore } from "./store.mjs";
import { TABLE } from "./table.mjs";
import { encode } from "./wire.mjs";

const NOBODY = 65534;
const SOMEBODY = 65533;
const GAMES = { name: "games", gid: 60 }; // a group of every Debian

const ROOT_ONLY = {
	skip: process.getuid() === 0 ? false : "only root can run a client as another user",
};

/**
 * Sends a hello and a ping: prints "served" after the pong, "refused" if the connection ends before. A frame is a
 * length, a type, ten more bytes, and what the length says.
 */
const CLIENT = `
	const [path, bytes, pong] = process.argv.slice(1);
	const socket = require("node:net").connect(path);
	let received = Buffer.alloc(0);
	socket.write(Buffer.from(bytes, "hex"));
	socket.on("data", (piece) => {
		received = Buffer.concat([received, piece]);
		for (let at = 0; at + 16 <= received.length; at += 16 + received.readUInt32LE(at))
			if (received.readUInt16LE(at + 4) === Number(pong)) tell("served");
	});
	socket.once("end", () => tell("refused"));
	socket.once("error", ({ code }) => tell(/EPIPE|ECONNRESET/.test(code) ? "refused" : code));
	function tell(what) {
		console.log(what);
		process.exit();
	}`;

/** Asserts the result for a client of another user, with a group and supplementary groups. */
async function assertVisit(store, result, uid, { gid = uid, groups, role = "TOOL" } = {}) {
	const bytes = Buffer.concat([hello(role), encode("ping", {}, 1)]).toString("hex");
	const ids = [`--reuid=${uid}`, `--regid=${gid}`];
	const further = groups ? `--groups=${groups}` : "--clear-groups";
	const command = [process.execPath, "-e", CLIENT, store.socket, bytes, TABLE.pong.number];
	const stdio = ["ignore", "pipe", "inherit"];
	const client = spawn("setpriv", [...ids, further, ...command], { cwd: "/", stdio });
	const output = await text(client.stdout);
	assert.equal(output.trim(), result, `uid ${uid} gid ${gid} groups ${groups} role ${role}`);
}

/** Asserts that the log has one line for each of these refused users. */
async function assertRefused(store, ...uids) {
	const lines = (await store.linesSince(0)).filter((line) => line.ev === "peer_refused");
	assert.equal(lines.map((line) => line.uid).join(), uids.join());
}

/** Lets everyone connect(2). */
function openSocket(store) {
	chmodSync(store.dir, 0o711);
	chmodSync(store.socket, 0o666);
}

describe("a client of another user", ROOT_ONLY, () => {
	it("is refused by root's storaged repeatedly, and others are served", () =>
		withStore({}, async (store) => {
			openSocket(store);
			const bystander = await Bystander.start(store);
			for (let i = 0; i < 3; i++) await assertVisit(store, "refused", NOBODY);
			await assertVisit(store, "served", 0);
			await bystander.stop();
			await assertRefused(store, NOBODY, NOBODY, NOBODY);
		}));

	it("is refused by another user's storaged, which serves that user and root", () =>
		withStore({ uid: NOBODY }, async (store) => {
			openSocket(store);
			await assertVisit(store, "refused", SOMEBODY);
			await assertVisit(store, "served", NOBODY);
			await assertVisit(store, "served", 0);
			await assertRefused(store, SOMEBODY);
		}));

	it("is served as a worker, but not as a tool, if it is in STORE_GROUP", () =>
		withStore({ env: { STORE_GROUP: GAMES.name } }, async (store) => {
			const role = "WORKER";
			const { gid, mode } = statSync(store.socket);
			assert.deepEqual([gid, mode & 0o777], [GAMES.gid, 0o660], "only members can connect");
			chmodSync(store.dir, 0o711);
			await assertVisit(store, "EACCES", SOMEBODY, { role });
			openSocket(store);
			await assertVisit(store, "served", SOMEBODY, { role, gid: GAMES.gid });
			await assertVisit(store, "served", SOMEBODY, { role, groups: `1,${GAMES.gid}` });
			await assertRefused(store);
			await assertVisit(store, "refused", SOMEBODY, { gid: GAMES.gid });
			await assertVisit(store, "refused", SOMEBODY, { role, groups: "1,2" });
			await assertVisit(store, "refused", SOMEBODY, { role });
			await assertVisit(store, "served", 0);
			await assertRefused(store, SOMEBODY, SOMEBODY);
		}));

	for (const [what, group, uid, status, event] of [
		["an unknown STORE_GROUP", "no-such-group", undefined, 78, "store_group_unknown"],
		["a STORE_GROUP without storaged's user", GAMES.name, NOBODY, 77, "socket_not_shared"],
	])
		it(`${what} is an error`, async () => {
			const store = new Store({ env: { STORE_GROUP: group }, uid });
			try {
				store.launch();
				await until("its end", () => store.events("ended").length > 0);
				assert.equal(store.events("ended")[0].code, String(status));
				assert.equal(store.events(event).length, 1);
			} finally {
				await store.remove();
			}
		});
});
