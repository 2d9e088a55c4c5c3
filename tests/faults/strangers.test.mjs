// Access to storaged: its own user, root, and the members of STORE_GROUP as workers. Everyone else
// is refused before the first byte, with one log line, whatever the socket's permissions.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, statSync } from "node:fs";
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
 * Says hello in a role, and asks whether anybody is there: tells "served" when that is answered,
 * "refused" when the connection ends before. A frame is a length, a type, ten more bytes, and what the length says.
 */
const CLIENT = `
	const [path, words, wanted] = process.argv.slice(1);
	const socket = require("node:net").connect(path);
	let heard = Buffer.alloc(0);
	socket.write(Buffer.from(words, "hex"));
	socket.on("data", (piece) => {
		heard = Buffer.concat([heard, piece]);
		for (let at = 0; at + 16 <= heard.length; at += 16 + heard.readUInt32LE(at))
			if (heard.readUInt16LE(at + 4) === Number(wanted)) tell("served");
	});
	socket.once("end", () => tell("refused"));
	socket.once("error", ({ code }) => tell(/EPIPE|ECONNRESET/.test(code) ? "refused" : code));
	function tell(what) {
		console.log(what);
		process.exit();
	}`;

/** The result for a client of another user, with a group and supplementary groups. */
async function visit(store, uid, { gid = uid, groups, role = "TOOL" } = {}) {
	const words = Buffer.concat([hello(role), encode("ping", {}, 1)]).toString("hex");
	const ids = [`--reuid=${uid}`, `--regid=${gid}`];
	const further = groups ? `--groups=${groups}` : "--clear-groups";
	const client = spawn(
		"setpriv",
		[...ids, further, process.execPath, "-e", CLIENT, store.socket, words, TABLE.pong.number],
		{ cwd: "/", stdio: ["ignore", "pipe", "inherit"] },
	);
	let said = "";
	client.stdout.on("data", (piece) => {
		said += piece;
	});
	await once(client, "close");
	return said.trim();
}

async function refusedUids(store) {
	const lines = await store.linesSince(0);
	return lines.filter((line) => line.ev === "peer_refused").map((line) => line.uid);
}

/** Lets everyone connect(2). */
function openDoors(store) {
	chmodSync(store.dir, 0o711);
	chmodSync(store.socket, 0o666);
}

describe("a client of another user", ROOT_ONLY, () => {
	it("is refused by root's storaged repeatedly, and others are served", async () => {
		await withStore({}, async (store) => {
			openDoors(store);
			const bystander = await Bystander.start(store);
			for (let i = 0; i < 3; i++) assert.equal(await visit(store, NOBODY), "refused");
			assert.equal(await visit(store, 0), "served");
			await bystander.stop();
			assert.deepEqual(await refusedUids(store), Array(3).fill(String(NOBODY)));
		});
	});

	it("is refused by another user's storaged, which serves that user and root", async () => {
		await withStore({ uid: NOBODY }, async (store) => {
			openDoors(store);
			assert.equal(await visit(store, SOMEBODY), "refused");
			assert.equal(await visit(store, NOBODY), "served");
			assert.equal(await visit(store, 0), "served");
			assert.deepEqual(await refusedUids(store), [String(SOMEBODY)]);
		});
	});

	it("is served as a worker, but not as a tool, if it is in STORE_GROUP", async () => {
		await withStore({ env: { STORE_GROUP: GAMES.name } }, async (store) => {
			openDoors(store);
			const worker = { role: "WORKER" };
			assert.equal(await visit(store, SOMEBODY, { ...worker, gid: GAMES.gid }), "served");
			assert.equal(await visit(store, SOMEBODY, { ...worker, groups: `1,${GAMES.gid}` }), "served");
			assert.deepEqual(await refusedUids(store), []);
			assert.equal(await visit(store, SOMEBODY, { gid: GAMES.gid }), "refused");
			assert.equal(await visit(store, SOMEBODY, { ...worker, groups: "1,2" }), "refused");
			assert.equal(await visit(store, SOMEBODY, worker), "refused");
			assert.equal(await visit(store, 0), "served");
			assert.deepEqual(await refusedUids(store), Array(2).fill(String(SOMEBODY)));
		});
	});
});

describe("STORE_GROUP", ROOT_ONLY, () => {
	it("owns the socket, so that only its members can connect", async () => {
		await withStore({ env: { STORE_GROUP: GAMES.name } }, async (store) => {
			chmodSync(store.dir, 0o711);
			const { gid, mode } = statSync(store.socket);
			assert.deepEqual([gid, mode & 0o777], [GAMES.gid, 0o660]);
			const worker = { role: "WORKER" };
			assert.equal(await visit(store, SOMEBODY, { ...worker, groups: `${GAMES.gid}` }), "served");
			assert.equal(await visit(store, SOMEBODY, worker), "EACCES");
		});
	});

	for (const [what, group, uid, status, event] of [
		["a group that there is not", "no-such-group", undefined, 78, "store_group_unknown"],
		["a group that storaged is not in", GAMES.name, NOBODY, 77, "socket_not_shared"],
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
