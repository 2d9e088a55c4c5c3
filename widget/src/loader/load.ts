// Loads the app and the widget's settings.

import type { App, Values } from "../shell";

/** Set by build.mjs: the name of the app's file, with the hash of its content. */
declare const APP_FILE: string;

let attempts = 0;

/**
 * A dynamic import, not a script element: it inherits this script's nonce in every policy, with and
 * without 'strict-dynamic', and Trusted Types do not concern it. A browser may remember a failed import
 * by its URL, hence another one for each attempt.
 */
export function importApp(server: string): Promise<App> {
	return import(`${server}/widget/${APP_FILE}${attempts++ ? `?${attempts}` : ""}`);
}

/** Runs `task` when the page is idle. */
export function whenIdle(task: () => void): void {
	// Safari has no requestIdleCallback; setTimeout ignores the options.
	(window.requestIdleCallback ?? setTimeout)(task, { timeout: 2000 } as never);
}

/** Before the server is tried again. */
const AGAIN_MS = 20_000;

/** The widget's settings; null: it is not available here. */
export async function fetchRecord(
	server: string,
	url: string,
	signal: AbortSignal,
): Promise<Values | null> {
	let reply: Response | undefined;
	try {
		reply = await fetch(url, { credentials: "omit", signal });
		if (reply.ok) return await reply.json();
	} catch {}
	try {
		// The app finds the reason, and tries again.
		return await (await importApp(server)).fetchRecord(url, signal, reply);
	} catch {
		await new Promise((done) => {
			const timer = setTimeout(done, AGAIN_MS);
			signal.onabort = () => clearTimeout(timer);
		});
		return fetchRecord(server, url, signal);
	}
}
