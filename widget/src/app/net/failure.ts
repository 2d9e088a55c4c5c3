// The kinds of failure that visitors can tell apart, and which of them are temporary.

/** words.ts has the texts that the visitor sees. */
export type FailureKind =
	/** No response: offline, blocked, or the server is down. */
	| "unreachable"
	/** The stream ended before the reply was complete. */
	| "cut_off"
	/** The server interrupted the reply; sending the message again restarts it. */
	| "interrupted"
	/** The server does not know this reply. */
	| "lost"
	/** 503. */
	| "busy"
	/** 429. */
	| "too_many"
	/** 401, 403: the site's tag has a wrong key, or its origin is not allowed. */
	| "denied"
	/** The limit of a day is reached: of the widget, of its budget, or of this visitor. */
	| "capped"
	/** The site's people have blocked the visitor. */
	| "blocked"
	/** The visitor must give contact details first. */
	| "nameless"
	/** 409: the message's id belongs to another message. */
	| "conflict"
	/** 410: the conversation was deleted. */
	| "deleted"
	/** The server does not have a file of the message any more. */
	| "file_not_found"
	/** The conversation has no room for the message's files. */
	| "too_many_files"
	/** Any other 4xx: the server rejects this message. */
	| "refused"
	/** 5xx, or an `error` event. */
	| "broken";

const PASSING = /^(unreachable|cut_off|interrupted|lost|busy|too_many)$/;
/** The server has not accepted the message, and may do so later. */
const UNSENT = /^(unreachable|busy|too_many|denied|capped|blocked|nameless)$/;
/** Sending the message again needs a new id. */
const SPENT = /^(conflict|deleted)$/;
/** The longest Retry-After to wait for, except that of a rate limit, which always ends. */
const PATIENCE_MS = 90_000;

/** Whether the message must stay in the queue, before those that the visitor writes later. */
export function isUnsent(kind: FailureKind): boolean {
	return UNSENT.test(kind);
}

/** Whether sending the message again needs a new id. */
export function isSpent(kind: FailureKind | null): boolean {
	return SPENT.test(`${kind}`);
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

/** What decides whether to try again. */
export type Reason = Pick<ChatFailure, "kind" | "retryAfterMs">;

/** Converts anything thrown into a ChatFailure; an unexpected error counts as our own. */
export function failureFrom(error: unknown): ChatFailure {
	return error instanceof ChatFailure ? error : new ChatFailure("broken");
}

/** Whether the same request can succeed later. */
export function isPassing({ kind, retryAfterMs }: Reason): boolean {
	if (kind !== "too_many" && (retryAfterMs ?? 0) > PATIENCE_MS) return false;
	return PASSING.test(kind);
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

/** Each kind, with the server's other codes for it. */
const KINDS = [
	"unreachable",
	"cut_off",
	"interrupted,shutting_down",
	"lost,not_found",
	"busy,store_unavailable,store_full,model_busy,model_unavailable,too_many_replies,too_many_waiting,overloaded",
	"deleted,conversation_deleted",
	"conflict,id_conflict",
	"capped,daily_cap,budget_exceeded,budget_share",
	"nameless,contact_required",
	"blocked",
	"denied,widget_gone,agent_disabled,unauthorized,origin_not_allowed",
	"file_not_found",
	"too_many_files",
	"refused,invalid_message",
	"too_many,rate_limited",
	"broken",
].map((names) => names.split(","));

/** The kind with this name or code; null: unknown. */
export function toFailureKind(value: unknown): FailureKind | null {
	const found = KINDS.find((names) => names.includes(`${value}`));
	return (found?.[0] as FailureKind) ?? null;
}

/** The failure for an `error` event. A newer server may use codes unknown here. */
export function failureOfCode(code: string): ChatFailure {
	return new ChatFailure(toFailureKind(code) ?? "broken");
}
