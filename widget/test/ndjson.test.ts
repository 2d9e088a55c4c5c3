import assert from "node:assert/strict";
import { test } from "node:test";
import { LineSplitter, MAX_LINE, readLines } from "../src/app/net/ndjson";

const LINES = ['{"token":"Grüß dich"}', '{"token":"€ 🌿"}', '{"token":"日本"}', '{"done":true}'];
const BYTES = new TextEncoder().encode(`${LINES.join("\n")}\n`);

function streamOf(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
	return new ReadableStream({
		start(controller) {
			for (const chunk of chunks) controller.enqueue(chunk);
			controller.close();
		},
	});
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<string[]> {
	const lines: string[] = [];
	for await (const line of readLines(stream)) lines.push(line);
	return lines;
}

test("a stream cut at any two places gives the same lines", () => {
	for (let i = 0; i <= BYTES.length; i++) {
		for (let j = i; j <= BYTES.length; j++) {
			const splitter = new LineSplitter();
			const parts = [BYTES.subarray(0, i), BYTES.subarray(i, j), BYTES.subarray(j)];
			const lines = [...parts.flatMap((part) => splitter.push(part)), ...splitter.end()];
			assert.deepEqual(lines, LINES, `cut at ${i} and ${j}`);
		}
	}
});

test("a stream that comes byte by byte gives the same lines", async () => {
	const bytes = Array.from(BYTES, (byte) => Uint8Array.of(byte));
	assert.deepEqual(await collect(streamOf(...bytes)), LINES);
});

test("a line is complete as soon as its newline arrives", () => {
	const splitter = new LineSplitter();
	const encode = (text: string) => new TextEncoder().encode(text);
	assert.deepEqual(splitter.push(encode("one\ntw")), ["one"]);
	assert.deepEqual(splitter.push(encode("o")), []);
	assert.deepEqual(splitter.push(encode("\n")), ["two"]);
});

test("CRLF, empty lines and a missing last newline are accepted", async () => {
	const bytes = new TextEncoder().encode("\r\none\r\n\n  \ntwo");
	assert.deepEqual(await collect(streamOf(bytes)), ["one", "two"]);
});

test("a stream that ends inside a character still ends", async () => {
	assert.deepEqual(await collect(streamOf(Uint8Array.of(0x61, 0xf0, 0x9f))), ["a\ufffd"]);
});

test("a line without end is refused, whole or in pieces", async () => {
	const piece = new Uint8Array(MAX_LINE / 4).fill(0x61);
	await assert.rejects(collect(streamOf(new Uint8Array(MAX_LINE + 1).fill(0x61))), RangeError);
	await assert.rejects(collect(streamOf(piece, piece, piece, piece, piece)), RangeError);
});

test("only a single line is limited, not all together", async () => {
	const line = new TextEncoder().encode(`${"a".repeat(MAX_LINE / 4)}\n`);
	assert.equal((await collect(streamOf(line, line, line, line, line, line))).length, 6);
});

test("leaving early cancels the stream", async () => {
	let cancelled = false;
	const stream = new ReadableStream<Uint8Array>({
		pull: (controller) => controller.enqueue(BYTES),
		cancel: () => {
			cancelled = true;
		},
	});
	for await (const line of readLines(stream)) {
		assert.equal(line, LINES[0]);
		break;
	}
	assert.ok(cancelled);
});
