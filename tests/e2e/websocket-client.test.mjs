// The WebSocket of workerd/http with an independent client, the `ws` package, against http-peer: what
// RFC 6455 allows, over TCP and TLS, alone and with a thousand connections.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { WebSocket } from "ws";
import { Authority } from "./certs.mjs";
import { TIME_FACTOR, until } from "./daemon.mjs";
import { EchoServer } from "./frames.mjs";
import { memoryOf } from "./proc.mjs";

const FULL = 64 * 1024; // bytes of a message, at most
const IDLE_MAX = 2 * 1024; // bytes that an idle socket may cost

let echo;

/** An open socket. */
async function open({ port, ca }, path = "/") {
	const url = `${ca ? "wss" : "ws"}://localhost:${port}${path}`;
	const socket = new WebSocket(url, { ca, perMessageDeflate: true, family: 4 });
	await once(socket, "open");
	return socket;
}

/** Sends and resolves to the response. */
async function exchange(socket, message) {
	const answer = once(socket, "message");
	socket.send(message);
	const [data, isBinary] = await answer;
	return isBinary ? data : data.toString();
}

/** Resolves to the close code. */
async function closed(socket) {
	const [code] = await once(socket, "close");
	return code;
}

async function close(socket, code, reason) {
	const end = closed(socket);
	socket.close(code, reason);
	return await end;
}

for (const way of ["plain", "secure"])
	describe(`a client, ${way}`, () => {
		before(async () => {
			echo = new EchoServer(new Authority());
			await echo.start();
		});
		after(() => echo.stop());

		it("gets its messages back, without compression", async () => {
			const socket = await open(echo[way]);
			assert.equal(socket.extensions, "");
			assert.equal(socket.protocol, "");
			assert.equal(await exchange(socket, "hello"), "hello");
			assert.equal(await exchange(socket, ""), "");
			assert.equal(await exchange(socket, "größer 🌍"), "größer 🌍");
			assert.deepEqual(await exchange(socket, Buffer.from([0, 255])), Buffer.from([0, 255]));
			assert.equal(await close(socket, 1000, "bye"), 1000);
		});

		it("may send 64 KiB, but not one byte more", async () => {
			const socket = await open(echo[way]);
			const full = "é".repeat(FULL / 2);
			assert.equal(await exchange(socket, full), full);
			const end = closed(socket);
			socket.send(`${full}!`);
			assert.equal(await end, 1009);
		});

		it("may fragment a message, with a ping between the fragments", async () => {
			const socket = await open(echo[way]);
			const pong = once(socket, "pong");
			const answer = once(socket, "message");
			socket.send("in ", { fin: false });
			socket.ping("are you there?");
			assert.equal(String((await pong)[0]), "are you there?");
			for (const piece of ["many ", "pieces"]) socket.send(piece, { fin: false });
			socket.send("", { fin: true });
			assert.equal(String((await answer)[0]), "in many pieces");
			socket.terminate();
		});

		it("closes with its own code, or without one", async () => {
			assert.equal(await close(await open(echo[way]), 4321, "mine"), 4321);
			assert.equal(await close(await open(echo[way])), 1005);
		});

		it("sends 10,000 messages ahead and gets all back in order", async () => {
			const socket = await open(echo[way]);
			let next = 0;
			const all = new Promise((done, fail) => {
				socket.on("close", () => fail(new Error(`closed after ${next} messages`)));
				socket.on("message", (data) => {
					if (String(data) !== `message ${next}`) fail(new Error(`${data} for ${next}`));
					if (++next === 10_000) done();
				});
			});
			for (let i = 0; i < 10_000; i++) socket.send(`message ${i}`);
			await all;
			socket.removeAllListeners("close");
			assert.equal(await close(socket, 1000), 1000);
		});

		it("that does not read delays no other", async () => {
			const deaf = await open(echo[way]);
			deaf.pause();
			for (let i = 0; i < 400; i++) deaf.send("*".repeat(FULL)); // 25 MB
			const socket = await open(echo[way]);
			for (let i = 0; i < 100; i++) assert.equal(await exchange(socket, `${i}`), `${i}`);
			let count = 0;
			deaf.on("message", (data) => {
				count += data.length === FULL ? 1 : 0;
			});
			deaf.resume();
			await until("all messages of the deaf one", () => count === 400);
			deaf.terminate();
			socket.terminate();
			await until("their ends", async () => (await echo.sockets()) === 0);
		});

		it("that vanishes is released", async () => {
			const sockets = await Promise.all(Array.from({ length: 50 }, () => open(echo[way])));
			assert.equal(await echo.sockets(), 50);
			for (const socket of sockets) socket.terminate();
			await until("their ends", async () => (await echo.sockets()) === 0);
		});

		it("receives 1001 when the server drains", async () => {
			const sockets = await Promise.all(Array.from({ length: 50 }, () => open(echo[way])));
			const ends = sockets.map(closed);
			echo.drain();
			assert.deepEqual(new Set(await Promise.all(ends)), new Set([1001]));
			const late = await open(echo[way]);
			assert.equal(await closed(late), 1001, "one that comes later as well");
			await until("their ends", async () => (await echo.sockets()) === 0);
		});
	});

describe("1,000 idle sockets", () => {
	before(async () => {
		echo = new EchoServer();
		await echo.start();
	});
	after(() => echo.stop());

	it(`cost less than ${IDLE_MAX} bytes each`, async (t) => {
		const talk = async (n) => {
			const sockets = [];
			for (let i = 0; i < n; i++) sockets.push(await open(echo.plain));
			for (const socket of sockets) assert.equal(await exchange(socket, "hello"), "hello");
			return sockets;
		};
		// The fixed cost of the first one counts once.
		const first = await talk(1);
		const before = memoryOf(echo.child.pid);
		const sockets = await talk(1000);
		const each = (memoryOf(echo.child.pid) - before) / sockets.length;
		t.diagnostic(`${Math.round(each)} bytes each`);
		for (const socket of [...first, ...sockets]) socket.terminate();
		if (TIME_FACTOR === 1) assert.ok(each < IDLE_MAX, `${each} bytes each`); // sanitizers pad
	});
});
