// Who may speak to storaged at all: its own user, and root. Everyone else is refused before a byte
// is said, with one line in the log, however the socket's permissions are.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { describe, it } from "node:test";
import { Bystander } from "./bystander.mjs";
import { withStore } from "./store.mjs";

const NOBODY = 65534;
const SOMEBODY = 65533;

const ROOT_ONLY = {
	skip: process.getuid() === 0 ? false : "only root can run a client as another user",
};

/** Connects, says nothing, and tells what comes first. */
const CLIENT = `
	const socket = require("node:net").connect(process.argv[1]);
	socket.once("data", () => tell("served"));
	socket.once("end", () => tell("refused"));
	socket.once("error", (error) => tell(error.code));
	function tell(what) {
		console.log(what);
		process.exit();
	}`;

/** What happens to a client that another user runs. */
async function visit(store, uid) {
	const client = spawn(process.execPath, ["-e", CLIENT, store.socket], {
		uid,
		gid: uid,
		cwd: "/",
		stdio: ["ignore", "pipe", "inherit"],
	});
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

/** Lets everyone as far as connect(2). */
function openDoors(store) {
	chmodSync(store.dir, 0o711);
	chmodSync(store.socket, 0o666);
}

describe("a client of another user", ROOT_ONLY, () => {
	it("is refused by root's storaged, again and again, and others are served", async () => {
		await withStore({}, async (store) => {
			openDoors(store);
			const bystander = await Bystander.start(store);
			for (let i = 0; i < 3; i++) assert.equal(await visit(store, NOBODY), "refused");
			assert.equal(await visit(store, 0), "served");
			await bystander.stop();
			assert.deepEqual(await refusedUids(store), Array(3).fill(String(NOBODY)));
		});
	});

	it("is refused by an ordinary user's storaged, which serves that user and root", async () => {
		await withStore({ uid: NOBODY }, async (store) => {
			openDoors(store);
			assert.equal(await visit(store, SOMEBODY), "refused");
			assert.equal(await visit(store, NOBODY), "served");
			assert.equal(await visit(store, 0), "served");
			assert.deepEqual(await refusedUids(store), [String(SOMEBODY)]);
		});
	});
});
