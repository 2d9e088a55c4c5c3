// The widget's settings, when the loader could not fetch them: finds the reason, and tries again.

import type { Values } from "../shell";
import { whenSeen } from "./wait";

/** This many responses in a row that CORS hides from us, are not a coincidence. */
const HIDDEN_MAX = 5;
const ATTEMPTS_MAX = 20;
const TIMEOUT_MS = 15_000;
const BASE_MS = 500;
const CAP_MS = 30_000;
/** The longest delay of a browser's timers. */
const FOREVER_MS = 2 ** 31 - 1;

/** null: there is no response, or none that this site may read. */
async function request(
	url: string,
	signal: AbortSignal,
	mode: RequestMode = "cors",
): Promise<Response | null> {
	const abort = new AbortController();
	const cut = () => abort.abort();
	const timer = setTimeout(cut, TIMEOUT_MS);
	signal.addEventListener("abort", cut);
	try {
		return await fetch(url, { credentials: "omit", mode, signal: abort.signal });
	} catch {
		return null;
	} finally {
		clearTimeout(timer);
		signal.removeEventListener("abort", cut);
	}
}

/** Calls `onBlocked` when the page's Content-Security-Policy forbids this address. */
function watchPolicy(url: string, signal: AbortSignal, onBlocked: () => void): void {
	const { origin } = new URL(url);
	document.addEventListener(
		"securitypolicyviolation",
		({ blockedURI }) => blockedURI.startsWith(origin) && onBlocked(),
		{ signal },
	);
}

function isFinal({ status }: Response): boolean {
	return status < 500 && status !== 429;
}

/**
 * null: the widget does not exist, or this site may not show it; the console has the reason.
 * CORS hides a response from a site that is not allowed as if there were none; a request with mode no-cors
 * (Fetch standard) still succeeds if there was one. As a broken proxy looks alike, the request is repeated,
 * in the end whenever the page becomes visible. `reply`: the response to the loader's request, if any.
 */
export async function fetchRecord(
	url: string,
	signal: AbortSignal,
	reply?: Response,
): Promise<Values | null> {
	const ended = new AbortController();
	signal.addEventListener("abort", () => ended.abort());
	let blocked = false;
	let hinted = false;
	let hidden = 0;
	const hint = (reason: string) => {
		if (!hinted) console.warn(`No chat: ${reason}`);
		hinted = true;
	};
	const check = () => hint(`check data-widget, and its allowed origins, at ${url}`);
	watchPolicy(url, ended.signal, () => {
		blocked = true;
		const { origin } = new URL(url);
		hint(`the page's Content-Security-Policy must allow ${origin} in connect-src`);
	});

	async function isHidden(): Promise<boolean> {
		return (await request(url, signal, "no-cors")) !== null;
	}

	async function tryOften(): Promise<Values | null> {
		for (let failures = 0; !signal.aborted && failures < ATTEMPTS_MAX; failures++) {
			const response = failures > 0 ? await request(url, signal) : reply;
			if (response?.ok) return { ...(await response.json()) };
			if (response && isFinal(response)) break;
			// The violation may be reported after the failure.
			await whenSeen(0, signal);
			if (blocked) return null;
			hidden = !response && (await isHidden()) ? hidden + 1 : 0;
			if (hidden > 0) check();
			const ms = Math.random() * Math.min(CAP_MS, BASE_MS * 2 ** failures);
			await whenSeen(hidden >= HIDDEN_MAX ? FOREVER_MS : ms, signal);
		}
		if (!signal.aborted) check();
		return null;
	}

	try {
		return await tryOften();
	} finally {
		ended.abort();
	}
}
