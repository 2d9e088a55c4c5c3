// Waits that end with the widget.

/** Resolves after `ms`, or when the page becomes visible, the network is back or `signal` is aborted. */
export function whenSeen(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const ended = new AbortController();
		const end = () => {
			clearTimeout(timer);
			ended.abort();
			resolve();
		};
		const timer = setTimeout(end, ms);
		document.addEventListener("visibilitychange", () => document.hidden || end(), ended);
		addEventListener("online", end, ended);
		signal.addEventListener("abort", end, ended);
	});
}
