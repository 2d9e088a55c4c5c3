// The files of messages: those that the visitor sends, and those that are shown.

import { clearKept } from "../../files/keep";
import { keys } from "../../files/locales/en.json?keys";
import { showFiles as show } from "../../files/shown";
import { createTray } from "../../files/tray";
import { type Attached, createUploads, Refused, type UploadParts } from "../../files/uploads";
import type { FileWords } from "../../files/words";
import { serverOf } from "../../loader/tag";
import { stringify } from "../net/parse";
import { fill } from "../texts";
import { loadTexts } from "./file-texts";
import type { LogParts } from "./log";
import type { ListParts } from "./message-list";

type Parts = Pick<LogParts, "shell" | "signal">;

const TOKEN_MS = 200;
/** How long an announcement may take, and the connection that it needs. */
const ANNOUNCE_MS = 30_000;

/** In the widget's language. */
async function wordsOf(parts: Parts): Promise<FileWords> {
	const texts = await loadTexts(parts);
	return (key, values = {}) => fill(`${texts[keys.indexOf(key)]}`, values);
}

/** The URL prefix of the server's paths. */
function serverFor({ shell }: Parts): string {
	const { apiUrl = "" } = shell.script.dataset;
	return shell.widgetId ? shell.server : serverOf(apiUrl, shell.script.src);
}

/** Announces a file for the visitor of this tag. */
async function announce(
	{ shell, signal, events }: ListParts,
	file: Parameters<UploadParts["begin"]>[0],
	life: AbortSignal,
): ReturnType<UploadParts["begin"]> {
	const query = () => new URL(events.filesUrl()).searchParams;
	const until = Date.now() + ANNOUNCE_MS;
	while (!query().get(shell.widgetId ? "token" : "sessionId")) {
		if (life.aborted || Date.now() > until) throw new Refused(0);
		await new Promise((done) => setTimeout(done, TOKEN_MS));
	}
	const sessionId = query().get("sessionId");
	const { apiKey = "" } = shell.script.dataset;
	// What the server has begun for a file that was removed is heard, so that it can be removed there.
	const end = new AbortController();
	const abort = () => end.abort();
	const timer = setTimeout(abort, ANNOUNCE_MS);
	signal.addEventListener("abort", abort);
	try {
		const answer = await fetch(events.filesUrl(), {
			method: "POST",
			headers: {
				"Content-Type": "application/json",
				...(sessionId && { "x-api-key": apiKey.trim() }),
			},
			credentials: "omit",
			body: stringify({ ...file, ...(sessionId && { sessionId }) }),
			signal: end.signal,
		});
		const said = await answer.json().catch(() => null);
		if (end.signal.aborted) throw new Refused(0);
		const { id, token, code } = Object(said);
		const most = answer.headers.get("Upload-Max-Bytes");
		const again = Number(answer.headers.get("Retry-After"));
		if (!answer.ok)
			throw new Refused(answer.status, code, most ? [Number(most)] : [], again * 1000 || 0);
		// A proxy's page.
		if (!id || !token) throw new Refused(400, "failed");
		return { id, token };
	} finally {
		clearTimeout(timer);
		signal.removeEventListener("abort", abort);
	}
}

/** By the composer's tray. */
const opened = new WeakMap<object, Promise<(files: readonly File[]) => void>>();

const stored = (key: string, ...value: [] | [string | null]): string | null => {
	try {
		if (value[0]) sessionStorage.setItem(key, value[0]);
		else if (value[0] === null) sessionStorage.removeItem(key);
		return sessionStorage.getItem(key);
	} catch {
		// A reload loses the files.
		return null;
	}
};

/** The scopes of all tabs begin so. */
const scopesOf = (name: string) => `${name} `;

/** A tab that was duplicated has the other one's storage: what is kept belongs to the first one alone. */
function scopeFor(name: string, signal: AbortSignal): Promise<string> {
	const fresh = scopesOf(name) + Math.random();
	const kept = stored(name) ?? fresh;
	return new Promise((done) => {
		const hold = (lock: unknown) => {
			done(lock ? kept : fresh);
			return new Promise<void>((end) => signal.addEventListener("abort", () => end()));
		};
		if (navigator.locks)
			navigator.locks.request(kept, { ifAvailable: true }, hold).catch(() => done(kept));
		else done(kept);
	});
}

async function open(parts: ListParts, name: string): Promise<(files: readonly File[]) => void> {
	const { shell, signal, tray = {} } = parts;
	const spoken = { words: await wordsOf(parts), code: shell.language.code };
	const scope = await scopeFor(name, signal);
	// An older server does not name them.
	const { perMessage = 5, maxBytes = Number.POSITIVE_INFINITY } = Object(shell.record.files);
	const uploads = createUploads({
		limits: { perMessage, maxBytes },
		server: serverFor(parts),
		scope,
		signal,
		begin: (file, life) => announce(parts, file, life),
		changed() {
			const files = uploads.attached();
			const { length } = uploads.get();
			tray.wish = length > files.length ? false : length ? { type: "message", files } : undefined;
			stored(name, length ? scope : null);
			view.render();
			tray.check?.();
		},
	});
	const home = () => tray.box?.querySelector("textarea")?.focus();
	const view = createTray(spoken, uploads, home);
	tray.sent = uploads.take;
	tray.hold = uploads.hold;
	tray.box?.before(view.node);
	view.render();
	signal.addEventListener("abort", () => {
		// The conversation is forgotten; a change of the language keeps the files.
		if (stored(name) === null) for (const { key } of uploads.get()) uploads.remove(key);
	});
	return uploads.add;
}

/** Removes the files that this browser has kept until then and that are in no message. */
export function forgetFiles(name: string, until: number): void {
	clearKept(scopesOf(name), until);
}

/** Adds files to the message that is being written; without any, those that a reload has left come back. */
export async function addFiles(
	parts: ListParts,
	name: string,
	files: readonly File[],
): Promise<void> {
	const key = parts.tray ?? parts;
	const opening = opened.get(key) ?? open(parts, name);
	opened.set(key, opening);
	(await opening)(files);
}

/** Says what to do about a message that failed because of its files. */
export async function showAdvice(parts: Parts, code: string, node: HTMLElement): Promise<void> {
	const texts = await loadTexts(parts);
	node.textContent = texts[keys.indexOf(code)] ?? "";
}

/** What a server says; anything else is left out. */
function isFile(value: unknown): value is Attached {
	const { id, name, type } = Object(value);
	return [id, name, type].every((one) => typeof one === "string");
}

/** What a room shows. */
const rooms = new WeakMap<HTMLElement, Attached[]>();

/** Fills the room of a message's files; again with newer addresses. */
export async function showFiles(
	parts: Parts,
	given: readonly unknown[],
	room: HTMLElement,
): Promise<void> {
	const { shell } = parts;
	const files = given.filter(isFile).map((file) => ({ ...file }));
	const known = rooms.get(room);
	if (known) {
		known.forEach((file, i) => void Object.assign(file, files[i]));
		return;
	}
	rooms.set(room, files);
	const spoken = { words: await wordsOf(parts), code: shell.language.code };
	room.replaceChildren(show(files, { ...spoken, server: serverFor(parts), stage: shell.frame }));
	room.style.minHeight = "";
	room.dispatchEvent(new CustomEvent("grow", { bubbles: true }));
}
