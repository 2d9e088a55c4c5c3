// Keeps one answer fresh for as long as the component stands.

import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Poll, type PollOptions, startPoll } from "../poll";
import { browser } from "./browser";

export interface Refresh {
	/** Asks at once; for a button. */
	refresh(): void;
	/** A call made by `refresh` is under way. */
	readonly isRefreshing: boolean;
}

/** Starts again whenever `subject` changes. */
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
