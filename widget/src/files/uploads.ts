// The files of the message that is being written: announced, sent piece by piece one after the other, and resumed where the
// server's bytes end, after a lost connection or a reload.

import { type Keep, type Kept, openKeep, type Ticket } from "./keep";
import { shrink } from "./shrink";

export const FILES_MAX = 5;
const WAIT_MS = 1000;
const WAIT_MAX_MS = 30_000;
/** A connection on which nothing goes out for so long is lost. */
const STALL_MS = 30_000;
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
	readonly done?: Attached;
}

/** The server's refusal, or no answer: status 0. */
export class Refused extends Error {
	constructor(
		readonly status: number,
		readonly code = "",
		readonly allowed: Upload["allowed"] = [],
	) {
		super(code);
	}
}

export interface UploadParts {
	/** The URL prefix of the server's paths. */
	readonly server: string;
	/** Whose files they are; see keep.ts. */
	readonly scope: string;
	/** Announces a file. Throws a Refused. */
	begin(file: { readonly name: string; readonly bytes: number }): Promise<Ticket>;
	changed(): void;
	/** Ends everything. */
	readonly signal: AbortSignal;
}

export interface Uploads {
	get(): readonly Upload[];
	add(files: readonly File[]): void;
	/** There was no room for the last ones. */
	isOver(): boolean;
	remove(key: string): void;
	retry(key: string): void;
	/** Says what a file shows. */
	describe(key: string, description: string): void;
	/** Those that are complete. */
	attached(): Attached[];
	/** The same, which belong to a message now. */
	take(): Attached[];
	/** Of a message that is not sent after all: those that this page has. */
	give(files: readonly Attached[]): void;
}

/** The files that this page has sent, by their ids. */
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
			let said: { code?: string; allowed?: Upload["allowed"] } = {};
			try {
				said = JSON.parse(call.responseText);
			} catch {
				// A proxy's page, or no answer.
			}
			return reject(new Refused(call.status, said.code, said.allowed));
		};
		call.send(body ?? null);
	});
}

export function createUploads(parts: UploadParts): Uploads {
	const { server, scope, begin, signal, changed } = parts;
	const keep: Keep = openKeep(scope);
	let list: readonly Upload[] = [];
	let running: { readonly key: string; readonly life: AbortController } | null = null;
	let wake = () => {};
	let isOver = false;

	const find = (key: string) => list.find((one) => one.key === key);

	function set(key: string, change: Partial<Upload>): void {
		if (!find(key) || signal.aborted) return;
		list = list.map((one) => (one.key === key ? { ...one, ...change } : one));
		changed();
	}

	const save = ({ key, name, blob, ticket, description }: Kept) =>
		keep.put({ key, name, blob, ticket, description });

	const pause = (ms: number) =>
		new Promise<void>((done) => {
			wake = done;
			setTimeout(done, ms);
		});

	const ask = (method: string, ticket: Ticket | null, life = signal) =>
		request(method, `${server}/v1/files/${ticket?.id}`, `${ticket?.token}`, {}, () => {}, life);

	/** One attempt. Throws a Refused. */
	async function send(key: string, life: AbortSignal): Promise<void> {
		let file = find(key);
		if (file?.blob.size === 0) throw new Refused(400, "empty");
		let offset = 0;
		let done: Attached | null = null;
		if (file && !file.ticket) {
			const blob = await shrink(file.blob);
			const { id, token } = await begin({ name: file.name, bytes: blob.size });
			set(key, { blob, ticket: { id, token } });
			file = find(key);
			if (file) save(file);
		} else if (file?.ticket) {
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
			const answer = JSON.parse(said.responseText);
			offset = answer.offset;
			const { type = file.blob.type, bytes, url = null } = answer;
			if (answer.complete) done = { id, name: file.name, type, bytes, url };
		}
		let told = "";
		for (;;) {
			const { description = "", ticket } = find(key) ?? {};
			if (description === told) break;
			const body = new Blob([JSON.stringify({ description })], { type: "application/json" });
			const { id, token } = { ...ticket };
			await request("PUT", `${server}/v1/files/${id}`, `${token}`, { body }, () => {}, life);
			told = description;
		}
		if (done && told) done = { ...done, description: told };
		if (done) set(key, { sent: offset, phase: "done", done });
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
		running = { key, life };
		for (let tried = 0; find(key) && !signal.aborted; tried++) {
			try {
				await send(key, life.signal);
				break;
			} catch (error) {
				if (!isPassing(key, error, tried)) break;
				if (find(key)) await pause(Math.min(WAIT_MS * 2 ** tried, WAIT_MAX_MS));
			}
		}
		running = null;
		next();
	}

	function next(): void {
		const waiting = list.find(({ phase }) => phase === "waiting");
		if (!running && waiting && !signal.aborted) void run(waiting.key);
	}

	const online = () => wake();
	addEventListener("online", online, { signal });
	signal.addEventListener("abort", () => {
		running?.life.abort();
		wake();
	});

	function insert(
		files: readonly (Kept & Partial<Upload>)[],
		phase: Upload["phase"] = "waiting",
	): void {
		const added = files
			.slice(0, FILES_MAX - list.length)
			.map((one): Upload => ({ ...one, sent: 0, phase, code: "", allowed: [] }));
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
		wake();
		if (file?.ticket) ask("DELETE", file.ticket).catch(() => {});
		changed();
	}

	const isDone = ({ phase }: Upload) => phase === "done";

	/** What is in no message is removed after an hour: then it is sent again. */
	const timer = setInterval(() => {
		for (const { key, ticket } of list.filter(isDone))
			void ask("HEAD", ticket).catch(({ status }) => {
				if (status !== 404) return;
				set(key, { ticket: null, sent: 0, phase: "waiting" });
				next();
			});
	}, CHECK_MS);
	signal.addEventListener("abort", () => clearInterval(timer));

	function attached(): Attached[] {
		return list.filter(isDone).flatMap((file) => {
			const { done } = file;
			if (!done) return [];
			own.set(done.id, file);
			return [done];
		});
	}

	return {
		get: () => list,
		isOver: () => isOver,
		add(files) {
			const room = FILES_MAX - list.length;
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
			wake();
			next();
		},
		describe(key, description) {
			// A file that is being sent says it at the end.
			set(key, { description, ...(find(key)?.phase === "done" && { phase: "waiting" }) });
			const file = find(key);
			if (file) save(file);
			next();
		},
		attached,
		take() {
			const taken = attached();
			isOver = false;
			for (const { key } of list.filter(isDone)) keep.remove(key);
			list = list.filter((one) => !isDone(one));
			changed();
			return taken;
		},
		give: (files) =>
			insert(
				files.flatMap(({ id }) => own.get(id) ?? []),
				"done",
			),
	};
}
