// What a request fails with, and whether it is worth another attempt.

/** The server has refused a request, or a reply has failed. */
export class BanterError extends Error {
	override readonly name = "BanterError";

	/**
	 * @param code for programs, as in the API's document: `unauthorized`, `rate_limited` …; `cut_off`: the connection
	 *     was lost, also after all attempts
	 * @param status the HTTP status; 0: there was no response, or the reply failed after it had begun
	 * @param retryAfter seconds until the server accepts another attempt, if it has said so
	 */
	constructor(
		message: string,
		readonly code: string,
		readonly status = 0,
		readonly retryAfter?: number,
	) {
		super(message);
	}
}

/** The longest Retry-After that is waited for: a spent budget may last for days. */
const PATIENCE_S = 30;
const PAUSE_S = 0.5;
const PAUSE_MAX_S = 15;

export async function failureOf(response: Response): Promise<BanterError> {
	const { error, code } = await response.json().catch(() => ({}));
	const after = Number(response.headers.get("retry-after") || NaN);
	return new BanterError(
		error ?? `The server answered with the status ${response.status}`,
		code ?? "unexpected",
		response.status,
		after >= 0 ? after : undefined,
	);
}

/** Seconds before the next attempt; undefined: another attempt is of no use. */
export function pauseAfter(failure: unknown, attempts: number): number | undefined {
	const pause = Math.min(PAUSE_S * 2 ** attempts, PAUSE_MAX_S) * (0.5 + Math.random());
	if (!(failure instanceof BanterError)) return pause; // the network, or half of a body
	const { status, code, retryAfter = 0 } = failure;
	const isPassing = [429, 502, 503, 504].includes(status) || /^(cut_off|interrupted)$/.test(code);
	return isPassing && retryAfter <= PATIENCE_S ? Math.max(pause, retryAfter) : undefined;
}

/** Waits, or throws when `signal` is aborted. */
export function wait(seconds: number, signal: AbortSignal | undefined): Promise<void> {
	return new Promise((done, fail) => {
		const abort = () => {
			clearTimeout(timer);
			fail(signal?.reason);
		};
		const timer = setTimeout(() => {
			signal?.removeEventListener("abort", abort);
			done();
		}, seconds * 1000);
		if (signal?.aborted) abort();
		else signal?.addEventListener("abort", abort, { once: true });
	});
}
