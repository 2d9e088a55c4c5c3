// The ways in which a reply can fail, as far as a visitor can tell them apart, and which of them
// pass by themselves.

const KINDS = [
	/** No answer at all: offline, blocked, or gone. */
	"unreachable",
	/** The stream ended before the reply did. */
	"cut_off",
	/** The reply broke off on the server; asked again, it is begun anew. */
	"interrupted",
	/** The server knows no such reply. */
	"lost",
	/** 503: not now. */
	"busy",
	/** 429. */
	"too_many",
	/** 401, 403: the site's tag has a wrong key, or the site is not allowed. */
	"denied",
	/** 409: the message's id stands for another message. */
	"conflict",
	/** 410: the conversation was deleted. */
	"deleted",
	/** Any other 4xx: this message will not do. */
	"refused",
	/** 5xx, or an `error` event. */
	"broken",
] as const;

export type FailureKind = (typeof KINDS)[number];

/** null: no kind that we know. */
export function toFailureKind(value: unknown): FailureKind | null {
	return KINDS.find((kind) => kind === value) ?? null;
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
]);

/** Of an `error` event. A newer server may say more than we understand. */
export function failureOfCode(code: string): ChatFailure {
	return new ChatFailure(CODES.get(code) ?? "broken");
}
