// Access to storaged and searchd: their own user, root, and the users of FRONT_USER as workers. Everyone else is refused
// before the first byte, with one log line, whatever the socket's permissions and the peer's groups
// (proto/access/access.def).

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { BUILD, baseEnvironment, Daemon, Log, until } from "../e2e/daemon.mjs";
import { Bystander } from "./bystander.mjs";
import { hello } from "./peer.mjs";
import { Store, withStore } from "./store.mjs";
import { TABLE } from "./table.mjs";
import { encode } from "./wire.mjs";

const NOBODY = 65534;
const SOMEBODY = 65533;
const ROOT = { uid: 0 };
/** Users of every Debian. */
const FRONT = { name: "www-data", uid: 33 };
const SEARCHD = { name: "backup", uid: 34 };
const CRAWLD = { name: "proxy", uid: 13 };
const MAILD = { name: "mail", uid: 8 };
const MEDIAD = { name: "uucp", uid: 10 };
const GAMES = { name: "games", gid: 60 }; // a group of every Debian

const ROOT_ONLY = {
	skip: process.getuid() === 0 ? false : "only root can run a client as another user",
};

/**
 * Sends a hello and a request: prints "served" after its answer, "refused" if the connection ends before. A frame is a
 * length, a type, ten more bytes, and what the length says.
 */
const CLIENT = `
	const [path, bytes, answer] = process.argv.slice(1);
	const socket = require("node:net").connect(path);
	let received = Buffer.alloc(0);
	socket.write(Buffer.from(bytes, "hex"));
	socket.on("data", (piece) => {
		received = Buffer.concat([received, piece]);
		for (let at = 0; at + 16 <= received.length; at += 16 + received.readUInt32LE(at))
			if (received.readUInt16LE(at + 4) === Number(answer)) tell("served");
	});
	socket.once("end", () => tell("refused"));
	socket.once("error", ({ code }) => tell(/EPIPE|ECONNRESET/.test(code) ? "refused" : code));
	function tell(what) {
		console.log(what);
		process.exit();
	}`;

/** Asserts the result for a client of another user, with a group and supplementary groups. */
async function assertVisit(store, result, uid, { gid = uid, groups, role = "TOOL" } = {}) {
	const [request, answer] = store.request ?? ["ping", "pong"];
	const bytes = Buffer.concat([hello(role), encode(request, {}, 1)]).toString("hex");
	const ids = [`--reuid=${uid}`, `--regid=${gid}`];
	const further = groups ? `--groups=${groups}` : "--clear-groups";
	const command = [process.execPath, "-e", CLIENT, store.socket, bytes, TABLE[answer].number];
	const stdio = ["ignore", "pipe", "inherit"];
	const client = spawn("setpriv", [...ids, further, ...command], { cwd: "/", stdio });
	const output = await text(client.stdout);
	assert.equal(output.trim(), result, `uid ${uid} gid ${gid} groups ${groups} role ${role}`);
}

/** searchd beside a store. */
async function withSearchd(store, env, use) {
	const socket = join(store.dir, "search.sock");
	const environment = { ...baseEnvironment(), DATA_DIR: store.dir, ...env };
	const daemon = new Daemon(join(BUILD, "searchd"), [], environment, new Log());
	daemon.start();
	try {
		await until("searchd's socket", () => existsSync(socket));
		await use({ socket, request: ["search_status_get", "search_status"] });
	} finally {
		await daemon.stop();
	}
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

	it("is served as a worker, but not as a tool, if FRONT_USER names it", () =>
		withStore({ env: { FRONT_USER: `daemon,${FRONT.name}` } }, async (store) => {
			openSocket(store);
			await assertVisit(store, "served", FRONT.uid, { role: "WORKER" });
			await assertVisit(store, "refused", FRONT.uid);
			await assertVisit(store, "served", 0);
		}));

	it("has no permission by the group of the socket's file", () =>
		withStore({ env: { STORE_GROUP: GAMES.name } }, async (store) => {
			const role = "WORKER";
			const { gid, mode } = statSync(store.socket);
			assert.deepEqual([gid, mode & 0o777], [GAMES.gid, 0o660], "only members can connect");
			chmodSync(store.dir, 0o711);
			await assertVisit(store, "EACCES", SOMEBODY, { role });
			await assertVisit(store, "refused", SOMEBODY, { role, gid: GAMES.gid });
			await assertVisit(store, "refused", SOMEBODY, { role, groups: `1,${GAMES.gid}` });
			await assertRefused(store, SOMEBODY, SOMEBODY);
		}));

	it("has on each socket the roles of the table, and no other, in every group", async () => {
		const users = {
			FRONT_USER: FRONT.name,
			SEARCH_USER: SEARCHD.name,
			CRAWL_USER: CRAWLD.name,
			MAIL_USER: MAILD.name,
			MEDIA_USER: MEDIAD.name,
		};
		const env = { ...users, STORE_GROUP: GAMES.name };
		await withStore({ env }, async (store) => {
			await withSearchd(store, env, async (search) => {
				const everyone = [ROOT, FRONT, SEARCHD, CRAWLD, MAILD, MEDIAD, { uid: SOMEBODY }];
				openSocket(store);
				for (const [server, may] of [
					[
						store,
						{
							WORKER: [ROOT, FRONT],
							SEARCH: [ROOT, SEARCHD],
							CRAWL: [ROOT, CRAWLD],
							MAIL: [ROOT, MAILD],
							MEDIA: [ROOT, MEDIAD],
							TOOL: [ROOT],
						},
					],
					[
						search,
						{ WORKER: [ROOT, FRONT], SEARCH: [], CRAWL: [], MAIL: [], MEDIA: [], TOOL: [ROOT] },
					],
				]) {
					chmodSync(server.socket, 0o666);
					for (const [role, users] of Object.entries(may))
						for (const user of everyone) {
							const result = users.includes(user) ? "served" : "refused";
							await assertVisit(server, result, user.uid, { role, gid: GAMES.gid });
						}
				}
			});
		});
	});

	for (const [what, env, uid, status, event] of [
		[
			"an unknown STORE_GROUP",
			{ STORE_GROUP: "no-such-group" },
			undefined,
			78,
			"access_name_unknown",
		],
		[
			"an unknown FRONT_USER",
			{ FRONT_USER: "games,no-such" },
			undefined,
			78,
			"access_name_unknown",
		],
		[
			"a STORE_GROUP without storaged's user",
			{ STORE_GROUP: GAMES.name },
			NOBODY,
			77,
			"socket_not_shared",
		],
	])
		it(`${what} is an error`, async () => {
			const store = new Store({ env, uid });
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
