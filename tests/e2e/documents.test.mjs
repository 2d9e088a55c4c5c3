// The examples in the documents work: each block of a README.md that is marked with `run`
// (tests/documents.mjs) runs unchanged, page by page, against real daemons, and prints what the page shows
// below it. Only two things are substituted: the server's address, and wid_… by the id of the widget that
// was printed last (at the start of a page, the first widget).

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { WebSocket } from "ws";
import { codeBlocks, read, readmes } from "../documents.mjs";
import { ADMIN_KEY, BUILD, DEADLINE_MS, PASSWORD, WIDGET_KEY, withBanter } from "./harness.mjs";
import { runTool, toolEnvironment } from "./tool.mjs";

const END = "\x1e";

/** /metrics needs a key, as in an installed banter. */
const NEEDS_KEY = { TRUSTED_PROXIES: "127.0.0.1,::1" };

/** A shell that runs block after block, in a directory with the .env that `make run` creates. */
class Shell {
	constructor(banter) {
		const directory = join(banter.dir, "reader");
		mkdirSync(directory);
		const keys = {
			WIDGET_API_KEY: WIDGET_KEY,
			ADMIN_API_KEY: ADMIN_KEY,
			DASHBOARD_PASSWORD: PASSWORD,
		};
		const env = { ...toolEnvironment(banter), CURL_HOME: directory };
		for (const name of Object.keys(keys)) delete env[name];
		env.PATH = `${BUILD}:${env.PATH}`;
		const lines = Object.entries(keys).map(([name, value]) => `${name}="${value}"\n`);
		writeFileSync(join(directory, ".env"), lines.join(""));
		// Makes every curl command fail when the server returns an error.
		writeFileSync(join(directory, ".curlrc"), "fail-with-body\n");
		this.child = spawn("bash", ["-eu", "-o", "pipefail", "-s"], { cwd: directory, env });
		this.output = "";
		this.errors = "";
		this.child.stdout.setEncoding("utf8").on("data", (text) => {
			this.output += text;
			this.look?.();
		});
		this.child.stderr.setEncoding("utf8").on("data", (text) => {
			this.errors += text;
		});
		this.child.stdin.on("error", () => {}); // the shell has ended; run() tells why
		this.child.on("close", () => {
			this.closed = true;
			this.look?.();
		});
	}

	run(text) {
		this.output = "";
		this.errors = "";
		this.child.stdin.write(`{\n${text}\n} </dev/null\nprintf '\\036'\n`);
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => this.child.kill("SIGKILL"), DEADLINE_MS);
			const finish = (settle, value) => {
				clearTimeout(timer);
				this.look = undefined;
				settle(value);
			};
			this.look = () => {
				if (this.output.endsWith(END)) finish(resolve, this.output.slice(0, -1));
				else if (this.closed)
					finish(reject, new Error(`failed:\n${text}\n${this.output}\n${this.errors}`));
			};
			this.look();
		});
	}

	end() {
		this.child.stdin.end();
	}
}

/** The JSON objects in a text, which may lie between other lines, with or without line breaks. */
function objectsIn(text) {
	const found = [];
	let depth = 0;
	let begin = 0;
	for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
		if (token === "{" && depth++ === 0) begin = index;
		if (token === "}" && --depth === 0) found.push(JSON.parse(text.slice(begin, index + 1)));
	}
	return found;
}

/** The objects that a page shows: `,…` stands for further members. */
const shownIn = (text) => objectsIn(text.replaceAll(/,…(?=[,}])/g, ',"…":0'));

/** Members whose value has to be the one that the page shows. */
const LITERAL = new Set(["type", "role", "status", "kind", "error", "code"]);

/** Whether an object is of the form that a page shows: the same members, with values of the same type. */
function isLike(shown, actual, name = "") {
	if (Array.isArray(shown))
		return (
			Array.isArray(actual) && shown.every((one) => actual.some((other) => isLike(one, other)))
		);
	if (shown === null || typeof shown !== "object")
		return LITERAL.has(name) ? shown === actual : typeof shown === typeof actual;
	if (actual === null || typeof actual !== "object") return false;
	const { "…": open, ...members } = shown;
	return (
		Object.keys(members).every((key) => key in actual && isLike(members[key], actual[key], key)) &&
		(open !== undefined || Object.keys(actual).every((key) => key in members))
	);
}

/** Each object that the page shows was received, in this order; others may have come between. */
function assertShown(shown, actual) {
	let from = 0;
	for (const object of shown) {
		const at = actual.findIndex((one, i) => i >= from && isLike(object, one));
		const rest = JSON.stringify(actual.slice(from), null, 1);
		assert.ok(at >= 0, `nothing like ${JSON.stringify(object)} in ${rest}`);
		from = at + 1;
	}
}

/** Waits until a socket's frames have shown what the page says. */
async function frames(socket, received, shown, end) {
	const timer = setTimeout(() => socket.terminate(), DEADLINE_MS);
	await new Promise((resolve) => {
		socket.on("message", () => received.some((one) => isLike(end, one)) && resolve());
		socket.on("close", resolve);
		socket.on("error", resolve);
	});
	clearTimeout(timer);
	assertShown(shown, received);
	socket.terminate();
}

/** Runs a script for a browser's console that opens `socket`. */
async function runScript(text, output) {
	const received = [];
	const console = { log: (data) => received.push(JSON.parse(data)) };
	const socket = new Function("WebSocket", "console", `${text}\nreturn socket;`)(
		WebSocket,
		console,
	);
	const shown = shownIn(output);
	await frames(socket, received, shown, shown.at(-1));
}

/** Plays a transcript of ws://…: `>` is sent as soon as all before it has been received. */
async function runTranscript(text, url) {
	const received = [];
	const lines = text
		.split("\n")
		.map((line) => ({ sent: line.startsWith(">"), json: line.slice(2) }));
	const socket = new WebSocket(url);
	let at = 0;
	const sendDue = () => {
		for (; lines[at]?.sent; at++) socket.send(lines[at].json);
	};
	socket.on("open", sendDue);
	socket.on("message", (data) => {
		received.push(JSON.parse(data));
		if (!lines[at] || !isLike(JSON.parse(lines[at].json), received.at(-1))) return;
		at++;
		sendDue();
	});
	const shown = lines.filter((line) => !line.sent).map((line) => JSON.parse(line.json));
	await frames(socket, received, shown, shown.at(-1));
}

const lastWidget = (printed) => [...printed.matchAll(/wid_\w+/g)].at(-1)?.[0];

async function runBlock(banter, reader, { language, text, marker, output }) {
	const { shell, widget } = reader;
	const here = text
		.replaceAll("localhost:4000", `127.0.0.1:${banter.port}`)
		.replaceAll("wid_…", widget);
	if (language === "js") return runScript(here, output);
	if (language === "text")
		return runTranscript(here, `ws://127.0.0.1:${banter.port}/api/widget/${widget}/ws?stream=1`);
	assert.equal(language, "sh");
	const printed = await shell.run(here);
	reader.widget = lastWidget(printed) ?? reader.widget;
	if (output) assertShown(shownIn(output), objectsIn(printed));
	const [name, member] = marker.detail.split("=");
	if (!name) return;
	const value = new RegExp(`"${member}":"([^"]+)"`).exec(printed)?.[1];
	assert.ok(value, `no ${member} in ${printed}`);
	await shell.run(`${name}=${value}`);
}

describe("the examples of", () => {
	for (const page of readmes) {
		const blocks = codeBlocks(read(page)).filter(({ marker }) => marker?.kind === "run");
		if (blocks.length === 0) continue;
		it(`${page} work`, () =>
			withBanter({ env: NEEDS_KEY }, async (banter) => {
				const { stdout } = await runTool(banter, "widget", "list");
				const reader = { shell: new Shell(banter), widget: lastWidget(stdout) };
				try {
					for (const block of blocks)
						await runBlock(banter, reader, block).catch((error) => {
							error.message = `${page}, line ${block.line}: ${error.message}`;
							throw error;
						});
				} finally {
					reader.shell.end();
				}
			}));
	}
});
