// What can go wrong between a page and the server, as one type, and how each
// kind is said to a person. Nothing else in the dashboard words an error.

export type Failure =
	/** No answer: offline, refused, timed out. */
	| "network"
	/** No session, or one that has ended. */
	| "signed_out"
	/** The server refused, and said why. */
	| "refused"
	/** An answer that is not what the API promises. */
	| "garbled";

export class ApiError extends Error {
	constructor(
		readonly failure: Failure,
		/** The HTTP status; 0 when there was no answer. */
		readonly status: number,
		message: string,
		/** How long the server asks us to wait, when it does. */
		readonly retryAfterMs: number | null = null,
	) {
		super(message);
		this.name = "ApiError";
	}

	/** Asking for it again can't help. */
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
			if (error.status === 429) return "The server asks to slow down.";
			if (error.status === 503) return `The server isn’t ready: ${error.message}.`;
			if (error.status >= 500) return `The server had a problem (${error.status}).`;
			return `${error.message}.`;
	}
}
