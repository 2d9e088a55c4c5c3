// Runs the banter command, and generates exports of any size.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { newId as bareId, dashed } from "../faults/ids.mjs";
import { BUILD, DEADLINE_MS, until } from "./daemon.mjs";

export const ORG = "00000000-0000-7000-8000-000000000001";
export const WIDGET = "00000000-0000-7000-8000-000000000002";
export const NOBODY = "00000000-0000-0000-0000-000000000000";

/** A temporary directory for a file or a describe(): a function that returns the path of a name in it. */
export function useDirectory() {
	const dir = mkdtempSync(join(tmpdir(), "banter-test-"));
	after(() => rmSync(dir, { recursive: true, force: true }));
	return (...names) => join(dir, ...names);
}

/**
 * Starts a program; `ended` resolves when it exits. It is killed if it hangs. held: its output is not read,
 * except for the first piece, until release(). input: its standard input; null: the caller writes it later.
 * @returns {import("node:child_process").ChildProcess & {ended: Promise<{status: number | null,
 *     signal: string | null, stdout: string, stderr: string}>}}
 */
export function startProgram(program, args, env, { input, held = false } = {}) {
	const child = spawn(program, args, {
		env,
		stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
		timeout: DEADLINE_MS * 2,
		killSignal: "SIGKILL",
	});
	const out = { stdout: "", stderr: "" };
	const read = (name) => {
		child[name].on("data", (text) => {
			out[name] += text;
		});
	};
	for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8");
	read("stderr");
	if (held) child.began = new Promise((done) => child.stdout.once("readable", done));
	else read("stdout");
	child.release = () => read("stdout");
	child.stdin?.on("error", () => {}); // it may exit before it has read everything
	if (input !== null) child.stdin?.end(input);
	child.said = out;
	child.ended = new Promise((resolve, reject) => {
		child.once("error", reject);
		child.once("close", (status, signal) => resolve({ status, signal, ...out }));
	});
	return child;
}

/** The environment with which the banter command finds the store. */
export function toolEnvironment(banter) {
	return banter.environment("http://127.0.0.1:1");
}

export function startTool(banter, args, options) {
	return startProgram(join(BUILD, "banter"), args, toolEnvironment(banter), options);
}

export function runTool(banter, ...args) {
	return startTool(banter, args).ended;
}

/** Runs a shell script in which $BANTER is the path of the command. */
export function shell(banter, script) {
	return startProgram("/bin/bash", ["-c", script], {
		...toolEnvironment(banter),
		BANTER: join(BUILD, "banter"),
	}).ended;
}

/** Runs `banter args…` and checks the exit status; resolves to { status, stdout, stderr }. */
export function expectTool(banter, status, ...args) {
	return feedTool(banter, undefined, status, ...args);
}

/** The same with a text on standard input. */
export async function feedTool(banter, input, status, ...args) {
	const end = await startTool(banter, args, { input }).ended;
	const what = `banter ${args.join(" ")}\n${end.stdout}${end.stderr}`;
	assert.equal(end.signal, null, what);
	assert.equal(end.status, status, what);
	return end;
}

/** Runs `banter args…` on a terminal, whose output is stdout. Each answer follows its prompt. */
export async function onTerminal(env, args, answers, prompt = "> ") {
	const command = [join(BUILD, "banter"), ...args].join(" ");
	// script(1) passes the exit status on.
	const options = ["-qec", command, "/dev/null"];
	const person = startProgram("/usr/bin/script", options, env, { input: null });
	for (const [i, answer] of answers.entries()) {
		// The terminal echoes input that arrives before its prompt.
		await until("a question", () => person.said.stdout.split(prompt).length > i + 1);
		person.stdin.write(`${answer}\n`);
	}
	return person.ended;
}

export function parseLines(text) {
	assert.ok(text === "" || text.endsWith("\n"), "the last line ends with a line feed");
	const lines = text.split("\n").slice(0, -1);
	return lines.map((line) => JSON.parse(line));
}

/** A new UUIDv7, greater than the one before. */
export const newId = () => dashed(bareId());

/** An export of this many conversations, each with a question and a reply of this text. */
export function makeExport(conversations, text) {
	const all = [{ kind: "banter", format: 1 }];
	for (let i = 0; i < conversations; i++) {
		const at = Date.now() - 1_000_000 + i;
		const id = newId();
		const message = (seq, role, text) => ({
			kind: "message",
			conversation: id,
			seq,
			id: newId(),
			role,
			status: "complete",
			created_at: at,
			prompt_tokens: 0,
			completion_tokens: 0,
			text,
			files: [],
			structure: [],
			lead: 0,
			answer: [],
		});
		all.push({
			kind: "conversation",
			id,
			org: ORG,
			widget: WIDGET,
			session: `generated-${i}-${id}`,
			created_at: at,
			updated_at: at,
			next_seq: 3,
			messages: 2,
			last_message: text.slice(0, 500),
			contact: NOBODY,
			state: "complete",
			inbox_state: "open",
			operator: NOBODY,
			operator_name: "",
			operator_at: 0,
			assigned: NOBODY,
			tags: "",
			context: "",
			asked_at: 0,
			snoozed_until: 0,
		});
		all.push(message(1, "user", "?"), message(2, "assistant", text));
	}
	all.push({ kind: "end", lines: all.length });
	return toLines(all);
}

export function toLines(objects) {
	return objects.map((one) => `${JSON.stringify(one)}\n`).join("");
}

/** The line of a login in an export. */
export function loginLine(token, members = {}) {
	return {
		kind: "login",
		token: createHash("sha256").update(token).digest("hex"),
		org: ORG,
		created_at: 1,
		expires_at: 4e12,
		id: newId(),
		user: NOBODY,
		address: "",
		program: "",
		...members,
	};
}

export async function importRecords(banter, records) {
	const all = [{ kind: "banter", format: 1 }, ...records];
	const input = toLines([...all, { kind: "end", lines: all.length }]);
	await feedTool(banter, input, 0, "import", "-");
}
