// The page's Content-Security-Policy, which may forbid requests to the server.

/**
 * A signal that is aborted when the policy has forbidden a request to the server of `url`; the console says so once.
 * Listens until `signal` is aborted.
 */
export function watchPolicy(url: string, signal: AbortSignal): AbortSignal {
	const { origin } = new URL(url);
	const abort = new AbortController();
	document.addEventListener(
		"securitypolicyviolation",
		({ blockedURI, effectiveDirective }) => {
			// Not a WebSocket: the policy may allow requests. Pictures have a directive of their own.
			if (abort.signal.aborted || effectiveDirective !== "connect-src") return;
			if (!blockedURI.startsWith(origin)) return;
			console.warn(
				`No chat: the page's Content-Security-Policy must allow ${origin} in connect-src`,
			);
			abort.abort();
		},
		{ signal },
	);
	return abort.signal;
}
