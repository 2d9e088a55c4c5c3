// What all parts of the dashboard share after the sign-in: the client, the change feed and the data that was
// loaded. Data survives route changes, so that going back shows a page immediately.

import { createContext } from "preact";
import { useContext, useEffect, useMemo, useReducer } from "preact/hooks";
import type { Client } from "./client";
import { createEntry, type Entry, type Remote, type Source } from "./entry";
import type { Feed } from "./feed";
import { browser } from "./surroundings";

export interface Desk {
	readonly api: Client;
	readonly feed: Feed;
	/** By key; emptied when the user signs out, because the next one may be another. */
	readonly entries: Map<string, Entry<unknown>>;
	/**
	 * What else a part keeps across route changes, by its own keys; emptied likewise. Before, those that have a method
	 * `end` are ended.
	 */
	readonly kept: Map<string, unknown>;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
	const desk = useContext(DeskContext);
	if (!desk) throw new Error("this component must be inside <App>");
	return desk;
}

/** The next user may be another one. */
export function forgetUser({ feed, entries, kept }: Desk): void {
	feed.stop();
	entries.clear();
	for (const one of kept.values()) (one as { end?(): void } | null)?.end?.();
	kept.clear();
}

/**
 * After the user has created or deleted something: the lists whose keys begin with `prefix` load again before they are
 * shown next, instead of showing first what they kept. Parts that are looking at them now are not affected.
 */
export function forgetLists({ entries }: Desk, prefix: string): void {
	for (const key of entries.keys()) if (key.startsWith(prefix)) entries.delete(key);
}

export interface Data<T> extends Remote<T>, Pick<Entry<T>, "refresh" | "set"> {}

/** The same object as long as the user is signed in. */
export function useKept<T>(key: string, create: (desk: Desk) => T): T {
	const desk = useDesk();
	return useMemo(() => {
		const known = (desk.kept.get(key) as T | undefined) ?? create(desk);
		desk.kept.set(key, known);
		return known;
	}, [key]);
}

/** The data with this key, loaded when needed. `key` must name everything on which `source` depends. */
export function useData<T>(key: string, source: (api: Client) => Source<T>): Data<T> {
	const { api, feed, entries } = useDesk();
	const [, changed] = useReducer((n: number) => n + 1, 0);
	const entry = useMemo(() => {
		const known = entries.get(key) ?? createEntry(source(api), feed, browser);
		entries.set(key, known);
		return known as Entry<T>;
	}, [key]);
	const remote = entry.get();
	useEffect(() => {
		const end = entry.look(() => changed(undefined));
		// Effects run after painting: the data may have come meanwhile, for another component.
		if (entry.get() !== remote) changed(undefined);
		return end;
	}, [entry]);
	return { ...remote, refresh: entry.refresh, set: entry.set };
}
