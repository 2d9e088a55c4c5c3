// The kinds of failure that visitors can tell apart, and which of them are temporary.

/** Each kind with the text that the visitor sees. */
export const FAILURES = {
	/** No response: offline, blocked, or the server is down. */
	unreachable: "We can’t be reached right now. Please check your connection.",
	/** The stream ended before the reply was complete. */
	cut_off: "The connection dropped before the reply was complete.",
	/** The server interrupted the reply; sending the message again restarts it. */
	interrupted: "This reply was interrupted.",
	/** The server does not know this reply. */
	lost: "This reply was interrupted.",
	/** 503. */
	busy: "We can’t answer right now. Please try again in a moment.",
	/** 429. */
	too_many: "That was a lot of messages at once. Please wait a moment.",
	/** 401, 403: the site's tag has a wrong key, or its origin is not allowed. */
	denied: "This chat isn’t available here at the moment.",
	/** The widget has reached its daily limit of messages. */
	capped: "This chat has reached its limit for today. Please come back tomorrow.",
	/** The visitor must give contact details first. */
	nameless: "Please tell us first how we can reach you.",
	/** 409: the message's id belongs to another message. */
	conflict: "This message couldn’t be sent again unchanged.",
	/** 410: the conversation was deleted. */
	deleted: "This conversation was deleted. Trying again begins a new one.",
	/** Any other 4xx: the server rejects this message. */
	refused: "This message couldn’t be sent.",
	/** 5xx, or an `error` event. */
	broken: "Something went wrong on our side. Sorry about that.",
} as const;

export type FailureKind = keyof typeof FAILURES;

/** null: an unknown code. */
export function toFailureKind(value: unknown): FailureKind | null {
	const kinds = Object.keys(FAILURES) as FailureKind[];
	return kinds.find((kind) => kind === value) ?? null;
}

/** The longest wait, whatever Retry-After says. */
const PATIENCE_MS = 90_000;

const PASSING: ReadonlySet<FailureKind> = new Set<FailureKind>([
	"unreachable",
	"cut_off",
	"interrupted",
	"lost",
	"busy",
]);

/** Whether sending the message again needs a new id. */
export function isSpent(kind: FailureKind | null): boolean {
	return kind === "conflict" || kind === "deleted";
}

export class ChatFailure extends Error {
	/** `retryAfterMs`: the earliest retry; null if the server gave none. */
	constructor(
		readonly kind: FailureKind,
		readonly retryAfterMs: number | null = null,
	) {
		super(kind);
	}
}

/** Converts anything thrown into a ChatFailure; an unexpected error counts as our own. */
export function failureFrom(error: unknown): ChatFailure {
	return error instanceof ChatFailure ? error : new ChatFailure("broken");
}

/** Whether the same request can succeed later. */
export function isPassing({ kind, retryAfterMs }: ChatFailure): boolean {
	if (retryAfterMs !== null && retryAfterMs > PATIENCE_MS) return false;
	return PASSING.has(kind) || (kind === "too_many" && retryAfterMs !== null);
}

/** Retry-After in seconds (RFC 9110, 10.2.3); dates are not supported. */
function retryAfterOf(response: Response): number | null {
	const value = response.headers.get("Retry-After") ?? "";
	return /^\d{1,6}$/.test(value) ? Number(value) * 1000 : null;
}

function kindOfStatus(status: number, isJson: boolean): FailureKind {
	if (status === 429) return "too_many";
	if (status === 401 || status === 403) return "denied";
	if (status === 409) return "conflict";
	if (status === 410) return "deleted";
	if (status >= 400 && status < 500) return "refused";
	// A proxy's own error page: its server is down.
	return status >= 502 && status <= 504 && !isJson ? "unreachable" : "broken";
}

/** The failure for a response that is not 2xx. */
export function failureOfResponse(response: Response): ChatFailure {
	const isJson = /\bjson\b/i.test(response.headers.get("Content-Type") ?? "");
	const retryAfterMs = retryAfterOf(response);
	const comesBack = response.status === 503 && retryAfterMs !== null;
	const kind = comesBack ? "busy" : kindOfStatus(response.status, isJson);
	return new ChatFailure(kind, retryAfterMs);
}

const CODES: ReadonlyMap<string, FailureKind> = new Map<string, FailureKind>([
	["interrupted", "interrupted"],
	["shutting_down", "interrupted"],
	["not_found", "lost"],
	["store_unavailable", "busy"],
	["model_busy", "busy"],
	["conversation_deleted", "deleted"],
	["id_conflict", "conflict"],
	["daily_cap", "capped"],
	["contact_required", "nameless"],
	["widget_gone", "denied"],
	["rate_limited", "too_many"],
	["too_many_replies", "too_many"],
	["overloaded", "busy"],
]);

/** The failure for an `error` event. A newer server may use codes unknown here. */
export function failureOfCode(code: string): ChatFailure {
	return new ChatFailure(CODES.get(code) ?? "broken");
}
