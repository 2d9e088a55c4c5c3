// The ways in which a reply can fail, as far as a visitor can tell them apart, and which of them
// pass by themselves.

/** Each with what the visitor is told. */
export const FAILURES = {
	/** No answer at all: offline, blocked, or gone. */
	unreachable: "We can’t be reached right now. Please check your connection.",
	/** The stream ended before the reply did. */
	cut_off: "The connection dropped before the reply was complete.",
	/** The reply broke off on the server; asked again, it is begun anew. */
	interrupted: "This reply was interrupted.",
	/** The server knows no such reply. */
	lost: "This reply was interrupted.",
	/** 503: not now. */
	busy: "We can’t answer right now. Please try again in a moment.",
	/** 429. */
	too_many: "That was a lot of messages at once. Please wait a moment.",
	/** 401, 403: the site's tag has a wrong key, or the site is not allowed. */
	denied: "This chat isn’t available here at the moment.",
	/** The widget has had its messages of today. */
	capped: "This chat has had its messages for today. Please come back tomorrow.",
	/** Who writes has to be said first. */
	nameless: "Please tell us first how we can reach you.",
	/** 409: the message's id stands for another message. */
	conflict: "This message couldn’t be sent again as it was.",
	/** 410: the conversation was deleted. */
	deleted: "This conversation was deleted. Trying again begins a new one.",
	/** Any other 4xx: this message will not do. */
	refused: "This message couldn’t be sent.",
	/** 5xx, or an `error` event. */
	broken: "Something went wrong on our side. Sorry about that.",
} as const;

export type FailureKind = keyof typeof FAILURES;

/** null: no kind that we know. */
export function toFailureKind(value: unknown): FailureKind | null {
	const kinds = Object.keys(FAILURES) as FailureKind[];
	return kinds.find((kind) => kind === value) ?? null;
}

/** Nobody waits longer than this, whatever Retry-After says. */
const PATIENCE_MS = 90_000;

const PASSING: ReadonlySet<FailureKind> = new Set<FailureKind>([
	"unreachable",
	"cut_off",
	"interrupted",
	"lost",
	"busy",
]);

/** Whether the message needs a new id to be sent again. */
export function isSpent(kind: FailureKind | null): boolean {
	return kind === "conflict" || kind === "deleted";
}

export class ChatFailure extends Error {
	/** `retryAfterMs`: not before; null when the server did not say. */
	constructor(
		readonly kind: FailureKind,
		readonly retryAfterMs: number | null = null,
	) {
		super(kind);
	}
}

/** Whatever was thrown, as a failure; what nobody foresaw is our own fault. */
export function failureFrom(error: unknown): ChatFailure {
	return error instanceof ChatFailure ? error : new ChatFailure("broken");
}

/** Whether the same request may well succeed a little later. */
export function isPassing({ kind, retryAfterMs }: ChatFailure): boolean {
	if (retryAfterMs !== null && retryAfterMs > PATIENCE_MS) return false;
	return PASSING.has(kind) || (kind === "too_many" && retryAfterMs !== null);
}

/** In seconds (RFC 9110, 10.2.3); the form with a date is for caches. */
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
	// A proxy's own page: there is nobody behind it at the moment.
	return status >= 502 && status <= 504 && !isJson ? "unreachable" : "broken";
}

/** Of an answer that is no 2xx. */
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
]);

/** Of an `error` event. A newer server may say more than we understand. */
export function failureOfCode(code: string): ChatFailure {
	return new ChatFailure(CODES.get(code) ?? "broken");
}
