// The server cases of the Autobahn test suite, groups 1 to 7 and 10, with its numbers: what the client sends,
// and what it must receive. The suite itself needs Python 2.
//
//	number: { send: […], got: […], open?: true, pieces?: n, parts?: true }
//
// send: frames, in order. got: the frames received, decoded by frames.mjs. open: the connection is still open
// afterwards, and a close with 1000 is answered with 1000; otherwise the last frame received is a close, and
// the server ends the connection. pieces: send this many bytes at a time; 0: a frame at a time. parts: send
// each element only after the previous one had no effect: the server must fail as soon as a message is
// invalid, without waiting for its end.

import { closePayload, fragments, frame, OP } from "./frames.mjs";

export const CASES = new Map();

const { more, text, binary, close, ping, pong } = OP;
const HELLO = "Hello, world!";
const RAW = Buffer.from("00fffefdfcfb00ff", "hex");
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const star = (n) => "*".repeat(n);
const first = (payload) => frame(text, payload, { fin: false });
const next = (payload, fin = false) => frame(more, payload, { fin });
const last = (payload) => next(payload, true);
const said = (payload) => ["text", payload];
const ponged = (payload) => ["pong", hex(payload)];
const closed = (code) => ["close", code];

const good = (number, send, got, how = {}) => CASES.set(number, { send, got, open: true, ...how });
const bad = (number, send, got, how = {}) => CASES.set(number, { send, got, ...how });

// 1: lengths

[0, 125, 126, 127, 128, 65535, 65536, 65536].forEach((n, i) => {
	const how = i === 7 ? { pieces: 997 } : {};
	good(`1.1.${i + 1}`, [frame(text, star(n))], [said(star(n))], how);
	const bytes = Buffer.alloc(n, 0xfe);
	good(`1.2.${i + 1}`, [frame(binary, bytes)], [["binary", hex(bytes)]], how);
});

// 2: pings and pongs

const FE = Buffer.alloc(125, 0xfe);
const TEN = Array.from({ length: 10 }, (_, i) => `payload-${i}`);
const PINGS = TEN.map((payload) => frame(ping, payload));
const PONGS = TEN.map(ponged);
good("2.1", [frame(ping)], [ponged("")]);
good("2.2", [frame(ping, HELLO)], [ponged(HELLO)]);
good("2.3", [frame(ping, RAW)], [ponged(RAW)]);
good("2.4", [frame(ping, FE)], [ponged(FE)]);
bad("2.5", [frame(ping, Buffer.alloc(126, 0xfe))], [closed(1002)]);
good("2.6", [frame(ping, FE)], [ponged(FE)], { pieces: 1 });
good("2.7", [frame(pong)], []);
good("2.8", [frame(pong, "unsolicited")], []);
good("2.9", [frame(pong, "unsolicited"), frame(ping, "asked")], [ponged("asked")]);
good("2.10", PINGS, PONGS);
good("2.11", PINGS, PONGS, { pieces: 1 });

// 3: reserved bits

const greeted = [said(HELLO), closed(1002)];
const reserved = (rsv) => [frame(text, HELLO), frame(text, HELLO, { rsv }), frame(ping)];
bad("3.1", [frame(text, HELLO, { rsv: 1 })], [closed(1002)]);
bad("3.2", reserved(2), greeted);
bad("3.3", reserved(3), greeted, { pieces: 0 });
bad("3.4", reserved(4), greeted, { pieces: 1 });
bad("3.5", [frame(binary, RAW, { rsv: 5 })], [closed(1002)]);
bad("3.6", [frame(ping, HELLO, { rsv: 6 })], [closed(1002)]);
bad("3.7", [frame(close, "", { rsv: 7 })], [closed(1002)]);

// 4: reserved opcodes

[3, 11].forEach((opcode, i) => {
	const group = `4.${i + 1}`;
	const after = (op, payload) => [frame(text, HELLO), frame(op, payload), frame(ping)];
	bad(`${group}.1`, [frame(opcode)], [closed(1002)]);
	bad(`${group}.2`, [frame(opcode + 1, "payload")], [closed(1002)]);
	bad(`${group}.3`, after(opcode + 2, ""), greeted);
	bad(`${group}.4`, after(opcode + 3, HELLO), greeted);
	bad(`${group}.5`, after(opcode + 4, HELLO), greeted, { pieces: 1 });
});

// 5: fragments

const ONE = "fragment1";
const TWO = "fragment2";
const BOTH = said(ONE + TWO);
const stray = (fin) => [next("nothing before", fin), frame(text, HELLO)];
const twice = (fin) => [0, 1].flatMap(() => [next(ONE, fin), first(TWO), last("fragment3")]);
bad("5.1", [frame(ping, ONE, { fin: false }), last(TWO)], [closed(1002)]);
bad("5.2", [frame(pong, ONE, { fin: false }), last(TWO)], [closed(1002)]);
[undefined, 0, 1].forEach((pieces, i) => {
	const between = [first(ONE), frame(ping, "between"), last(TWO)];
	good(`5.${3 + i}`, [first(ONE), last(TWO)], [BOTH], { pieces });
	good(`5.${6 + i}`, between, [ponged("between"), BOTH], { pieces });
	bad(`5.${9 + i}`, stray(true), [closed(1002)], { pieces });
	bad(`5.${12 + i}`, stray(false), [closed(1002)], { pieces });
});
const both = [first(ONE), last(TWO)];
bad("5.15", [...both, next("fragment3"), frame(text, "fragment4")], [BOTH, closed(1002)]);
bad("5.16", twice(false), [closed(1002)]);
bad("5.17", twice(true), [closed(1002)]);
bad("5.18", [first(ONE), frame(text, TWO)], [closed(1002)]);
const five = [first("a"), next("b"), frame(ping, "1"), next("c"), next("d"), frame(ping, "2")];
const fiveGot = [ponged("1"), ponged("2"), said("abcde")];
good("5.19", [...five, last("e")], fiveGot);
good("5.20", [...five, last("e")], fiveGot, { pieces: 0 });

// 6: UTF-8

const KOSME = Buffer.from("κόσμε".normalize("NFC").replace("ό", "\u1f79"));
const MIXED = "Hello-µ@ßöäüàá-UTF-8!!";
const EDITED = Buffer.from("edited");
const SURROGATE = Buffer.concat([KOSME, Buffer.from("eda080", "hex"), EDITED]);
const BEYOND = Buffer.concat([KOSME, Buffer.from("f4908080", "hex"), EDITED]);
good("6.1.1", [frame(text)], [said("")]);
good("6.1.2", [first(""), next(""), last("")], [said("")]);
good("6.1.3", [first(""), next("middle"), last("")], [said("middle")]);
good("6.2.1", [frame(text, MIXED)], [said(MIXED)]);
good("6.2.2", [first("Hello-µ@ßöä"), last("üàá-UTF-8!!")], [said(MIXED)]);
good("6.2.3", fragments(MIXED, 1), [said(MIXED)]);
good("6.2.4", fragments(KOSME, 1), [said(KOSME.toString())]);
bad("6.3.1", [frame(text, SURROGATE)], [closed(1007)]);
bad("6.3.2", fragments(SURROGATE, 1), [closed(1007)]);
// Invalid UTF-8 fails immediately: nothing is sent after it.
[
	[11, 15],
	[12, 13],
].forEach(([from, to], i) => {
	const fragmented = [first(BEYOND.subarray(0, from)), next(BEYOND.subarray(from, to))];
	bad(`6.4.${i + 1}`, fragmented, [closed(1007)], { parts: true });
	const whole = frame(text, BEYOND);
	const head = whole.length - BEYOND.length;
	const split = [whole.subarray(0, head + from), whole.subarray(head + from, head + to)];
	bad(`6.4.${i + 3}`, split, [closed(1007)], { parts: true });
});

// 6.5 and 6.7 to 6.23 are single characters and sequences: tests/unit/proto/base/test_utf8.c has all of them.
// 6.6: every prefix of a word; its characters end at these bytes.
const ENDS = [2, 5, 7, 9, 11];
for (let n = 1; n <= KOSME.length; n++) {
	const part = KOSME.subarray(0, n);
	if (ENDS.includes(n)) good(`6.6.${n}`, [frame(text, part)], [said(part.toString())]);
	else bad(`6.6.${n}`, [frame(text, part)], [closed(1007)]);
}

// 7: closing

const normally = frame(close, closePayload(1000));
bad("7.1.1", [frame(text, HELLO), normally], [said(HELLO), closed(1000)]);
bad("7.1.2", [normally, frame(close)], [closed(1000)]);
bad("7.1.3", [normally, frame(ping)], [closed(1000)]);
bad("7.1.4", [normally, frame(text, HELLO)], [closed(1000)]);
bad("7.1.5", [first(ONE), normally, last(TWO)], [closed(1000)]);
// The message is larger than our limit: the close is 1009.
const large = [frame(text, star(256 * 1024)), frame(text, HELLO), normally, frame(ping)];
bad("7.1.6", large, [closed(1009)]);
bad("7.3.1", [frame(close)], [["close"]]);
bad("7.3.2", [frame(close, "a")], [closed(1002)]);
bad("7.3.3", [normally], [closed(1000)]);
bad("7.3.4", [frame(close, closePayload(1000, HELLO))], [closed(1000)]);
bad("7.3.5", [frame(close, closePayload(1000, star(123)))], [closed(1000)]);
bad("7.3.6", [frame(close, closePayload(1000, star(124)))], [closed(1002)]);
bad("7.5.1", [frame(close, closePayload(1000, SURROGATE))], [closed(1007)]);
const ACCEPTED = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const REFUSED = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
for (const [group, codes, answer] of [
	["7.7", ACCEPTED],
	["7.9", REFUSED, 1002],
	["7.13", [5000, 65535], 1002],
])
	for (const [i, code] of codes.entries())
		bad(`${group}.${i + 1}`, [frame(close, closePayload(code))], [closed(answer ?? code)]);

// 10: a message in many frames

good("10.1.1", fragments(star(65536), 1300), [said(star(65536))]);
