// The failures of requests, as one type, with the text shown for each. All error texts of the
// dashboard are here.

export type Failure =
	/** No response: offline, refused, or timed out. */
	| "network"
	/** No session, or an expired one. */
	| "signed_out"
	/** The server refused the request and gave a reason. */
	| "refused"
	/** A response that violates the API. */
	| "garbled";

export class ApiError extends Error {
	constructor(
		readonly failure: Failure,
		/** The HTTP status; 0 without a response. */
		readonly status: number,
		message: string,
		/** The wait that the server requests, if any. */
		readonly retryAfterMs: number | null = null,
	) {
		super(message);
		this.name = "ApiError";
	}

	/** Retrying cannot help. */
	get isFinal(): boolean {
		return this.status === 404 || this.status === 400;
	}
}

export function describe(error: ApiError): string {
	switch (error.failure) {
		case "network":
			return "The server can’t be reached.";
		case "signed_out":
			return "Your session has ended.";
		case "garbled":
			return "The server sent an answer this page doesn’t understand.";
		case "refused":
			if (error.status === 429) return "Too many requests. Please slow down.";
			if (error.status === 503) return `The server isn’t ready: ${error.message}.`;
			if (error.status >= 500) return `The server had a problem (${error.status}).`;
			return `${error.message}.`;
	}
}
