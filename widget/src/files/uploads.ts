// The files of the message that is being written: announced, sent piece by piece one after the other, and resumed where the
// server's bytes end, after a lost connection or a reload.

import { parseObject, stringify } from "../app/net/parse";
import { type Keep, type Kept, openKeep, type Ticket } from "./keep";
import { prepare } from "./shrink";

const WAIT_MS = 1000;
const WAIT_MAX_MS = 30_000;
/** A connection on which nothing goes out for so long is lost. */
const STALL_MS = 30_000;
/** How many sent files a page keeps, so that it shows them without loading them, and can send them again. */
const OWN_MAX = 20;
/** How often the server is asked whether it still has what is not in a message yet. */
const CHECK_MS = 300_000;

/** A file in a message. */
export interface Attached {
	readonly id: string;
	readonly name: string;
	readonly type: string;
	readonly bytes: number;
	/** Its signed address; null: none at the moment. */
	readonly url: string | null;
	/** What it shows, in its sender's words. */
	readonly description?: string;
}

export interface Upload extends Kept {
	/** How many bytes the server has. */
	readonly sent: number;
	readonly phase: "sending" | "waiting" | "done" | "failed";
	/** Why it failed: the server's code. */
	readonly code: string;
	/** What may be sent, for the code `unsupported_type`: kinds; for `file_too_large`: bytes. */
	readonly allowed: readonly (string | number)[];
	/** Once it is complete. */
	readonly done?: Attached | undefined;
	/** It is complete, and the server does not have its description yet. */
	readonly isUntold?: boolean;
}

/** The server's refusal, or no answer: status 0. */
export class Refused extends Error {
	constructor(
		readonly status: number,
		readonly code = "",
		readonly allowed: Upload["allowed"] = [],
		/** How long the server wants no other attempt. */
		readonly retryAfterMs = 0,
	) {
		super(code);
	}
}

/** The server's. */
export interface FileLimits {
	/** How many files a message may have. */
	readonly perMessage: number;
	/** How many bytes a file may have. */
	readonly maxBytes: number;
}

export interface UploadParts {
	readonly limits: FileLimits;
	/** The URL prefix of the server's paths. */
	readonly server: string;
	/** Whose files they are; see keep.ts. */
	readonly scope: string;
	/** Announces a file. Throws a Refused. `life`: the file has not been removed. */
	begin(
		file: { readonly name: string; readonly bytes: number },
		life: AbortSignal,
	): Promise<Ticket>;
	changed(): void;
	/** Ends everything. */
	readonly signal: AbortSignal;
}

export interface Uploads {
	get(): readonly Upload[];
	add(files: readonly File[]): void;
	readonly limits: FileLimits;
	/** There was no room for the last ones. */
	isOver(): boolean;
	remove(key: string): void;
	retry(key: string): void;
	/** Says what a file shows. */
	describe(key: string, description: string): void;
	/** Whether the server is being told a description: then it calls `send` once it has it, unless that fails. */
	hold(send: () => void): boolean;
	/** Those that are complete. */
	attached(): Attached[];
	/** The same, which belong to a message now. */
	take(): Attached[];
	/** Of a message that is not sent after all: those that this page has. */
	give(files: readonly Attached[]): void;
}

/** The last files that this page has sent, by their ids. */
export const own = new Map<string, Upload>();

function request(
	method: string,
	url: string,
	token: string,
	{ offset = 0, body }: { offset?: number; body?: Blob },
	progress: (bytes: number) => void,
	signal: AbortSignal,
): Promise<XMLHttpRequest> {
	return new Promise((resolve, reject) => {
		const call = new XMLHttpRequest();
		call.open(method, url);
		call.setRequestHeader("Upload-Token", token);
		if (body) call.setRequestHeader("Upload-Offset", `${offset}`);
		const abort = () => call.abort();
		let timer = setTimeout(abort, STALL_MS);
		call.upload.onprogress = ({ loaded }) => {
			clearTimeout(timer);
			timer = setTimeout(abort, STALL_MS);
			progress(offset + loaded);
		};
		signal.addEventListener("abort", abort);
		// Otherwise a browser would wait for minutes.
		addEventListener("offline", abort);
		call.onloadend = () => {
			clearTimeout(timer);
			signal.removeEventListener("abort", abort);
			removeEventListener("offline", abort);
			if (call.status >= 200 && call.status < 300) return resolve(call);
			// null: a proxy's page, or no answer.
			const said: { code?: string; allowed?: Upload["allowed"] } = {
				...parseObject(call.responseText),
			};
			const again = Number(call.getResponseHeader("Retry-After"));
			return reject(new Refused(call.status, said.code, said.allowed, again * 1000 || 0));
		};
		call.send(body ?? null);
	});
}

export function createUploads(parts: UploadParts): Uploads {
	const { limits, server, scope, begin, signal } = parts;
	const keep: Keep = openKeep(scope);
	let list: readonly Upload[] = [];
	/** The ids of those that are in messages. */
	const taken = new Set<string>();
	let running: { readonly key: string; readonly life: AbortController } | null = null;
	/** How often each file has failed, and those that wait for their next attempt, with what ends that, and not before. */
	const tries = new Map<string, number>();
	const asleep = new Map<string, { wake(): void; notBefore: number }>();
	let isOver = false;
	/** What waits for descriptions. */
	let held: (() => void) | null = null;

	const untold = () => list.filter((one) => one.isUntold);

	function changed(): void {
		parts.changed();
		const send = untold()[0] ? null : held;
		if (send || untold().some(({ phase }) => phase !== "done")) held = null;
		send?.();
	}

	const find = (key: string) => list.find((one) => one.key === key);

	function set(key: string, change: Partial<Upload>): void {
		if (!find(key) || signal.aborted) return;
		list = list.map((one) => (one.key === key ? { ...one, ...change } : one));
		changed();
	}

	function save({ key, name, blob, ticket, description }: Kept): void {
		// What was kept may have been removed meanwhile.
		if (!signal.aborted) keep.put({ key, name, blob, ticket, description });
	}

	/** Until its next attempt, the other files have theirs. */
	function pause(key: string, ms: number, floorMs: number): void {
		const wake = () => {
			clearTimeout(timer);
			asleep.delete(key);
			next();
		};
		const timer = setTimeout(wake, Math.max(ms, floorMs));
		asleep.set(key, { wake, notBefore: Date.now() + floorMs });
	}

	const ask = (method: string, ticket: Ticket | null, life = signal) =>
		request(method, `${server}/v1/files/${ticket?.id}`, `${ticket?.token}`, {}, () => {}, life);

	/** A file that is removed meanwhile is removed from the server, too. */
	function announce(
		key: string,
		file: { readonly name: string; readonly bytes: number },
		life: AbortSignal,
	): Promise<Ticket> {
		const announced = begin(file, life);
		return new Promise((resolve, reject) => {
			const end = () => {
				reject(new Refused(0));
				announced
					.then(async (ticket) => {
						if (!find(key)) await ask("DELETE", ticket);
					})
					.catch(() => {});
			};
			life.addEventListener("abort", end);
			const settled = () => life.removeEventListener("abort", end);
			announced.then(resolve, reject).then(settled);
		});
	}

	/** One attempt. Throws a Refused. */
	async function send(key: string, life: AbortSignal): Promise<void> {
		let file = find(key);
		if (!file) return;
		if (file.blob.size === 0) throw new Refused(400, "empty");
		let offset = file.sent;
		let done = (file.phase === "done" && file.done) || null;
		// The server may have a description that is no longer the sender's.
		let told = file.ticket ? null : "";
		if (!done) {
			// A folder, or a file that is gone, will not become readable by itself.
			const bytes = file.blob.slice(0, 1).arrayBuffer();
			await bytes.catch(() => Promise.reject(new Refused(400, "failed")));
		}
		if (!file.ticket) {
			const { blob } = await prepare(file.blob);
			if (!find(key) || life.aborted) return;
			const { maxBytes } = limits;
			if (blob.size > maxBytes) throw new Refused(413, "file_too_large", [maxBytes]);
			const { id, token } = await announce(key, { name: file.name, bytes: blob.size }, life);
			set(key, { blob, ticket: { id, token } });
			file = find(key);
			if (file) save(file);
		} else if (!done) {
			const said = await ask("HEAD", file.ticket, life);
			offset = Number(said.getResponseHeader("Upload-Offset"));
		}
		// A file that the server has already is asked for its address.
		while (file?.ticket && !done) {
			set(key, { sent: offset, phase: "sending" });
			const { id, token } = file.ticket;
			const said = await request(
				"PATCH",
				`${server}/v1/files/${id}`,
				token,
				{ offset, body: file.blob.slice(offset) },
				(sent) => set(key, { sent }),
				life,
			);
			const answer = Object(parseObject(said.responseText));
			offset = answer.offset;
			// A proxy's page.
			if (!(offset >= 0)) throw new Refused(400, "failed");
			const { type = file.blob.type, bytes, url = null } = answer;
			if (answer.complete) done = { id, name: file.name, type, bytes, url };
		}
		for (;;) {
			const { description = "", ticket } = find(key) ?? {};
			if (!ticket || description === told) break;
			const body = new Blob([stringify({ description })], { type: "application/json" });
			const { id, token } = ticket;
			await request("PUT", `${server}/v1/files/${id}`, token, { body }, () => {}, life);
			told = description;
		}
		if (!done) return;
		const { description: _, ...rest } = done;
		done = told ? { ...rest, description: told } : rest;
		set(key, { sent: offset, phase: "done", done, isUntold: false });
	}

	/** What to do about a failed attempt. Returns whether there is another one. */
	function isPassing(key: string, error: unknown, tried: number): boolean {
		const { status, code, allowed } = error instanceof Refused ? error : new Refused(0);
		const isFull = status === 507 || code === "too_many_files";
		// Removed, or the server has another key: it begins again.
		if ((status === 404 || code === "invalid_token") && find(key)?.ticket && tried < 3)
			set(key, { ticket: null, sent: 0 });
		else if (isFull || !(status === 0 || /408|409|429|5../.test(`${status}`))) {
			set(key, { phase: "failed", code, allowed });
			return false;
		}
		set(key, { phase: "waiting", code });
		return true;
	}

	async function run(key: string): Promise<void> {
		const life = new AbortController();
		const tried = tries.get(key) ?? 0;
		running = { key, life };
		try {
			await send(key, life.signal);
			tries.delete(key);
		} catch (error) {
			tries.set(key, tried + 1);
			if (isPassing(key, error, tried) && find(key) && !signal.aborted)
				pause(key, Math.min(WAIT_MS * 2 ** tried, WAIT_MAX_MS), Object(error).retryAfterMs ?? 0);
		}
		running = null;
		next();
	}

	function next(): void {
		const waiting = list.find(
			({ key, phase, isUntold }) =>
				(phase === "waiting" || (phase === "done" && isUntold)) && !asleep.has(key),
		);
		if (!running && waiting && !signal.aborted) void run(waiting.key);
	}

	const wakeAll = (now: number) => {
		for (const { wake, notBefore } of asleep.values()) if (now >= notBefore) wake();
	};
	addEventListener("online", () => wakeAll(Date.now()), { signal });
	signal.addEventListener("abort", () => {
		running?.life.abort();
		wakeAll(Number.POSITIVE_INFINITY);
		for (const id of taken) own.delete(id);
	});

	function insert(files: readonly Kept[]): void {
		const added = files
			.slice(0, limits.perMessage - list.length)
			.map(({ key, name, blob, ticket, description }): Upload => {
				const file = { key, name, blob, ticket, description };
				return { ...file, sent: 0, phase: "waiting", code: "", allowed: [] };
			});
		list = [...list, ...added];
		if (added[0]) changed();
		next();
	}

	void keep.all().then((files) => insert(files));

	function remove(key: string): void {
		const file = find(key);
		isOver = false;
		list = list.filter((one) => one !== file);
		keep.remove(key);
		if (running?.key === key) running.life.abort();
		tries.delete(key);
		asleep.get(key)?.wake();
		if (file?.ticket) ask("DELETE", file.ticket).catch(() => {});
		changed();
	}

	const isDone = ({ phase }: Upload) => phase === "done";

	/** What is in no message is removed after an hour: then it is sent again. */
	const timer = setInterval(() => {
		for (const { key, ticket } of list.filter(isDone))
			void ask("HEAD", ticket).catch(({ status }) => {
				if (status !== 404) return;
				set(key, { ticket: null, sent: 0, phase: "waiting", done: undefined });
				next();
			});
	}, CHECK_MS);
	signal.addEventListener("abort", () => clearInterval(timer));

	function attached(): Attached[] {
		return list.filter(isDone).flatMap(({ done }) => done ?? []);
	}

	return {
		limits,
		get: () => list,
		isOver: () => isOver,
		add(files) {
			const room = limits.perMessage - list.length;
			const chosen = files.slice(0, room).map((file): Kept => {
				const key = `${scope} ${Date.now()} ${Math.random()}`;
				return { key, name: file.name, blob: file, ticket: null };
			});
			for (const one of chosen) keep.put(one);
			isOver = files.length > room;
			insert(chosen);
			if (isOver) changed();
		},
		remove,
		retry(key) {
			set(key, { phase: "waiting", code: "" });
			tries.delete(key);
			asleep.get(key)?.wake();
			next();
		},
		describe(key, description) {
			// A file that is being sent says it at the end.
			set(key, { description, isUntold: true });
			const file = find(key);
			if (file) save(file);
			next();
		},
		hold(send) {
			held = untold()[0] ? send : null;
			return !!held;
		},
		attached,
		take() {
			const files = attached();
			isOver = false;
			for (const file of list.filter(isDone)) {
				const id = `${file.ticket?.id}`;
				keep.remove(file.key);
				taken.add(id);
				own.set(id, file);
			}
			for (const id of own.keys()) if (own.size > OWN_MAX) own.delete(id);
			list = list.filter((one) => !isDone(one));
			changed();
			return files;
		},
		// The server is asked whether it still has them.
		give: (files) => insert(files.flatMap(({ id }) => own.get(id) ?? [])),
	};
}
