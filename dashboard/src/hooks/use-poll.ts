// Keeps one response up to date while the component is mounted.

import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Poll, type PollOptions, startPoll } from "../poll";
import { browser } from "./browser";

export interface Refresh {
	/** Polls immediately; for a button. */
	refresh(): void;
	/** A request started by `refresh` is running. */
	readonly isRefreshing: boolean;
}

/** Restarts whenever `subject` changes. */
export function usePoll<T>(subject: string, options: PollOptions<T>): Refresh {
	const poll = useRef<Poll | null>(null);
	const [isRefreshing, setRefreshing] = useState(false);

	useLayoutEffect(() => {
		const started = startPoll(options, browser);
		poll.current = started;
		setRefreshing(false);
		return () => started.stop();
	}, [subject]);

	const refresh = useCallback(() => {
		const asked = poll.current;
		if (!asked) return;
		setRefreshing(true);
		void asked.refresh().finally(() => {
			if (poll.current === asked) setRefreshing(false);
		});
	}, []);

	return { refresh, isRefreshing };
}
