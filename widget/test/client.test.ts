import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { streamReply } from "../src/client";
import type { ChatEvent } from "../src/events";
import { ChatFailure, type FailureKind } from "../src/failure";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Sends "hello" to a server that answers by `handler`. */
async function talk(handler: Handler): Promise<{ events: ChatEvent[]; failure?: FailureKind }> {
	const server = createServer(handler);
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	const { port } = server.address() as AddressInfo;
	const endpoint = { apiUrl: `http://127.0.0.1:${port}/chat`, apiKey: "the-key" };
	const events: ChatEvent[] = [];
	try {
		for await (const event of streamReply(endpoint, "s-1", "hello")) events.push(event);
		return { events };
	} catch (error) {
		assert.ok(error instanceof ChatFailure, String(error));
		return { events, failure: error.kind };
	} finally {
		server.closeAllConnections();
		await new Promise((done) => server.close(done));
	}
}

const START = '{"type":"start","conversationId":"c"}\n';
const TOKEN = '{"type":"token","token":"Hi"}\n';
const DONE = '{"type":"done","message":"Hi","conversationId":"c"}\n';

test("the request is what the API asks for", async () => {
	let seen = "";
	await talk((request, response) => {
		const { method, url, headers } = request;
		seen = `${method} ${url} ${headers["content-type"]} ${headers["x-widget-api-key"]} `;
		request.setEncoding("utf8");
		request.on("data", (text: string) => {
			seen += text;
		});
		request.on("end", () => response.end(DONE));
	});
	const body = '{"sessionId":"s-1","message":"hello"}';
	assert.equal(seen, `POST /chat application/json the-key ${body}`);
});

test("the events of a reply come in order", async () => {
	const { events, failure } = await talk((_, response) => response.end(START + TOKEN + DONE));
	assert.deepEqual(
		events.map((event) => event.type),
		["start", "token", "done"],
	);
	assert.equal(failure, undefined);
});

test("nothing after done counts, not even a broken connection", async () => {
	const { events, failure } = await talk((_, response) => {
		response.write(START + DONE + TOKEN);
		setImmediate(() => response.destroy());
	});
	assert.deepEqual(events.at(-1), { type: "done", message: "Hi" });
	assert.equal(failure, undefined);
});

test("an error event is the end, and no failure of the transport", async () => {
	const { events, failure } = await talk((_, response) =>
		response.end(`${START}{"type":"error","error":"x"}\n`),
	);
	assert.deepEqual(events.at(-1), { type: "error" });
	assert.equal(failure, undefined);
});

const STATUSES: readonly [status: number, kind: FailureKind][] = [
	[400, "refused"],
	[401, "denied"],
	[403, "denied"],
	[404, "refused"],
	[413, "refused"],
	[429, "too_many"],
	[500, "broken"],
	[502, "broken"],
	[503, "broken"],
	[504, "broken"],
];

for (const [status, kind] of STATUSES) {
	test(`status ${status} is "${kind}"`, async () => {
		const { events, failure } = await talk((_, response) => {
			response.writeHead(status, { "Content-Type": "application/json" }).end('{"error":"x"}');
		});
		assert.deepEqual(events, []);
		assert.equal(failure, kind);
	});
}

test("a stream that ends without done is cut off", async () => {
	const { events, failure } = await talk((_, response) => response.end(START + TOKEN));
	assert.equal(events.length, 2);
	assert.equal(failure, "cut_off");
});

test("a connection that breaks in the reply is cut off", async () => {
	const { failure } = await talk((_, response) => {
		response.write(START + TOKEN, () => response.destroy());
	});
	assert.equal(failure, "cut_off");
});

test("a page of HTML with status 200 is cut off", async () => {
	const { failure } = await talk((_, response) => response.end("<html>\n<p>Welcome</p>\n"));
	assert.equal(failure, "cut_off");
});

test("a connection that breaks before the answer is unreachable", async () => {
	const { failure } = await talk((request) => request.socket.destroy());
	assert.equal(failure, "unreachable");
});
