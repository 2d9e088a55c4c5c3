import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type Client, createClient } from "../src/app/net/client";
import type { ChatEvent } from "../src/app/net/events";
import { ChatFailure, type FailureKind } from "../src/app/net/failure";
import { done, error, start, token } from "./fakes";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

interface Outcome {
	readonly events: ChatEvent[];
	readonly failure: ChatFailure | null;
	/** Of each request: method, path, headers that matter, body. */
	readonly requests: string[];
	readonly client: Client;
}

async function withServer<T>(handler: Handler, use: (client: Client) => Promise<T>) {
	const requests: string[] = [];
	const server = createServer(async (request, response) => {
		let body = "";
		for await (const piece of request.setEncoding("utf8")) body += piece;
		const { method, url, headers } = request;
		const type = headers["content-type"] ?? "-";
		requests.push(`${method} ${url} ${type} ${headers["x-widget-api-key"]} ${body}`.trim());
		handler(request, response);
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	const { port } = server.address() as AddressInfo;
	const apiUrl = `http://127.0.0.1:${port}/chat`;
	const client = createClient({ apiUrl, apiKey: "the-key" }, () => "s-1");
	try {
		return { value: await use(client), requests, client };
	} finally {
		server.closeAllConnections();
		await new Promise((done) => server.close(done));
	}
}

const { signal } = new AbortController();
const ask = (client: Client) => client.ask("hello", "c-1", signal);

/** Listens, by default to the answer to "hello", to a server that answers by `handler`. */
async function talk(handler: Handler, listen = ask): Promise<Outcome> {
	const events: ChatEvent[] = [];
	let failure: ChatFailure | null = null;
	const { requests, client } = await withServer(handler, async (client) => {
		try {
			for await (const event of listen(client)) events.push(event);
		} catch (thrown) {
			assert.ok(thrown instanceof ChatFailure, String(thrown));
			failure = thrown;
		}
	});
	return { events, failure, requests, client };
}

const START = '{"type":"start","conversationId":"c","messageId":"m"}\n';
const TOKEN = '{"type":"token","token":"Hi"}\n';
const DONE = '{"type":"done","message":"Hi","conversationId":"c"}\n';

test("a message is sent as the API expects it, with its id", async () => {
	const { requests } = await talk((_, response) => response.end(DONE));
	const body = '{"sessionId":"s-1","message":"hello","clientMessageId":"c-1"}';
	assert.deepEqual(requests, [`POST /chat application/json the-key ${body}`]);
});

test("a reply is resumed from a position", async () => {
	const { requests, events } = await talk(
		(_, response) => response.end(START + TOKEN + DONE),
		(client) => client.resume("m", 7, signal),
	);
	assert.deepEqual(requests, ["GET /v1/chat/stream/m?sessionId=s-1&after=7 - the-key"]);
	assert.equal(events.length, 3);
});

test("the events of a reply come in order", async () => {
	const { events, failure } = await talk((_, response) => response.end(START + TOKEN + DONE));
	assert.deepEqual(events, [start("m"), token("Hi"), done("Hi")]);
	assert.equal(failure, null);
});

test("everything after done is ignored, also a broken connection", async () => {
	const { events, failure } = await talk((_, response) => {
		response.write(START + DONE + TOKEN);
		setImmediate(() => response.destroy());
	});
	assert.deepEqual(events.at(-1), done("Hi"));
	assert.equal(failure, null);
});

test("the connection of an ended reply is reused", async () => {
	const ports = new Set<number | undefined>();
	let asked = 0;
	// Each answer stays open until the next is asked for, and nobody may close it before.
	let open: ServerResponse | null = null;
	await withServer(
		(request, response) => {
			ports.add(request.socket.remotePort);
			open?.end();
			open = response;
			response.write(START + DONE);
		},
		async (client) => {
			while (ports.size === asked && asked < 50) {
				for await (const event of ask(client)) if (event.type === "done") break;
				asked++;
			}
		},
	);
	assert.ok(ports.size < asked, `${asked} connections for ${asked} replies`);
});

test("an error event ends the reply without a failure of the transport", async () => {
	const { events, failure } = await talk((_, response) =>
		response.end(`${START}{"type":"error","error":"x"}\n`),
	);
	assert.deepEqual(events.at(-1), error(""));
	assert.equal(failure, null);
});

const JSON_BODY = { "Content-Type": "application/json" };
const HTML = { "Content-Type": "text/html" };
const wait = (value: string) => ({ ...JSON_BODY, "Retry-After": value });

const STATUSES: readonly [status: number, kind: FailureKind, headers?: object, ms?: number][] = [
	[400, "refused"],
	[401, "denied"],
	[403, "denied"],
	[404, "refused"],
	[409, "conflict"],
	[410, "deleted"],
	[413, "refused"],
	[429, "too_many"],
	[500, "broken"],
	[502, "broken"],
	[503, "broken"],
	[504, "broken"],
	// A proxy's own page: the server is not there.
	[502, "unreachable", HTML],
	[503, "unreachable", HTML],
	[504, "unreachable", HTML],
	[429, "too_many", wait("7"), 7000],
	[503, "busy", wait("2"), 2000],
	[503, "broken", wait("Wed, 21 Oct 2026 07:28:00 GMT")],
	[503, "broken", wait("-1")],
	[503, "broken", wait("1e9")],
];
for (const [status, kind, headers = JSON_BODY, ms = null] of STATUSES) {
	test(`status ${status} with ${JSON.stringify(headers)} is "${kind}"`, async () => {
		const { events, failure } = await talk((_, response) => {
			response.writeHead(status, { ...headers }).end('{"error":"x"}');
		});
		assert.deepEqual(events, []);
		assert.deepEqual([failure?.kind, failure?.retryAfterMs], [kind, ms]);
	});
}

const BREAKS: readonly [name: string, kind: FailureKind, events: number, handler: Handler][] = [
	["a stream without done", "cut_off", 2, (_, response) => response.end(START + TOKEN)],
	[
		"a connection that breaks during the reply",
		"cut_off",
		2,
		(_, response) => response.write(START + TOKEN, () => response.destroy()),
	],
	["a page of HTML", "cut_off", 0, (_, response) => response.end("<html>\n<p>Welcome</p>\n")],
	["a connection that breaks before", "unreachable", 0, (request) => request.socket.destroy()],
];
for (const [name, kind, count, handler] of BREAKS) {
	test(`${name} is "${kind}"`, async () => {
		const { events, failure } = await talk(handler);
		assert.deepEqual([failure?.kind, events.length], [kind, count]);
	});
}

test("a reply that the server does not know is lost", async () => {
	const { failure } = await talk(
		(_, response) => response.writeHead(404).end('{"error":"x"}'),
		(client) => client.resume("m", 0, signal),
	);
	assert.equal(failure?.kind, "lost");
});

test("an abort ends the request", async () => {
	const abort = new AbortController();
	const { failure, events } = await talk(
		(_, response) => {
			response.write(START + TOKEN);
			response.once("close", () => response.destroy());
		},
		async function* (client) {
			for await (const event of client.ask("hello", "c-1", abort.signal)) {
				yield event;
				if (event.type === "token") abort.abort();
			}
		},
	);
	assert.equal(failure?.kind, "cut_off");
	assert.equal(events.length, 2);
});

test("a server shows by its first reply whether it knows ids", async () => {
	const known = await talk((_, response) => response.end(START + DONE));
	assert.equal(known.client.knowsIds(), true);
	const unknown = await talk((_, response) => response.end(`{"type":"start"}\n${DONE}`));
	assert.equal(unknown.client.knowsIds(), false);
	const nothing = await talk((_, response) => response.end(DONE));
	assert.equal(nothing.client.knowsIds(), null);
});

test("a server without a history is asked for it once", async () => {
	const { value, requests, client } = await withServer(
		(_, response) => response.writeHead(404).end('{"error":"Not found"}'),
		async (client) => [await client.history(signal), await client.history(signal)],
	);
	assert.deepEqual(value, [null, null]);
	assert.deepEqual(requests, ["GET /v1/chat/history?sessionId=s-1 - the-key"]);
	assert.equal(client.knowsIds(), false);
});

test("a history shows that the server knows ids", async () => {
	const { value, client } = await withServer(
		(_, response) => response.end('{"conversationId":null,"messages":[],"active":null}'),
		(client) => client.history(signal),
	);
	assert.deepEqual(value, { messages: [], active: null });
	assert.equal(client.knowsIds(), true);
});

test("a failed history request leaves open whether the server knows ids", async () => {
	const { client } = await withServer(
		(_, response) => response.writeHead(500, { "Content-Type": "application/json" }).end("{}"),
		(client) => assert.rejects(client.history(signal), ChatFailure),
	);
	assert.equal(client.knowsIds(), null);
});

test("a reply is stopped by its id", async () => {
	const { requests } = await withServer(
		(_, response) => response.end('{"status":"stopped"}'),
		(client) => client.stop("m"),
	);
	const body = '{"sessionId":"s-1"}';
	assert.deepEqual(requests, [`POST /v1/chat/m/stop application/json the-key ${body}`]);
});

test("another address than a chat API's is only asked for replies", async () => {
	const client = createClient({ apiUrl: "http://127.0.0.1:9/hook", apiKey: "k" }, () => "s");
	assert.equal(client.knowsIds(), false);
	assert.equal(await client.history(signal), null);
	await client.stop("m");
	await assert.rejects(client.resume("m", 0, signal).next(), { kind: "lost" });
});
