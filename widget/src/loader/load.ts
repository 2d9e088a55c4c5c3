// Loads the app and the widget's settings.

import type { App, Values } from "../shell";

/** Set by build.mjs: the name of the app's file, with the hash of its content. */
declare const APP_FILE: string;

let failures = 0;

/**
 * A dynamic import, not a script element: it inherits this script's nonce in every policy, with and
 * without 'strict-dynamic', and Trusted Types do not concern it. A browser may remember a failed import
 * by its URL, hence another one after each failure.
 */
export function importApp(server: string): Promise<App> {
	const app = import(`${server}/widget/${APP_FILE}${failures ? `?${failures}` : ""}`);
	// Whoever waits for it handles the failure.
	app.catch(() => failures++);
	return app;
}

/** Runs `task` when the page is idle. */
export function whenIdle(task: () => void): void {
	// Safari has no requestIdleCallback; setTimeout ignores the options.
	(window.requestIdleCallback ?? setTimeout)(task, { timeout: 2000 } as never);
}

/** Resolves after this many seconds; never if `signal` is aborted before. */
export function pause(seconds: number | string, signal: AbortSignal): Promise<unknown> {
	return new Promise((done) => {
		const timer = setTimeout(done, +seconds * 1000);
		signal.addEventListener("abort", () => clearTimeout(timer));
	});
}

/** Before the server is tried again. */
const AGAIN_S = 20;

/**
 * The widget's settings on the server; null: it is not available here. A tag with a key also works without
 * them.
 */
export async function fetchRecord(
	server: string,
	widgetId: string,
	key: string,
	signal: AbortSignal,
): Promise<Values | null> {
	const path = widgetId ? `api/widget/${encodeURIComponent(widgetId)}` : "v1/chat";
	const url = `${server}/${path}/settings`;
	const headers: Record<string, string> = widgetId ? {} : { "x-api-key": key };
	let reply: Response | undefined;
	try {
		reply = await fetch(url, { credentials: "omit", headers, signal });
		if (reply.ok) return await reply.json();
	} catch {}
	if (!widgetId) return {};
	try {
		// The app finds the reason, and tries again.
		return await (await importApp(server)).fetchRecord(url, signal, reply);
	} catch {
		await pause(AGAIN_S, signal);
		return fetchRecord(server, widgetId, key, signal);
	}
}
