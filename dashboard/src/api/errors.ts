// The failures of requests, as one type.

import type { FieldReason } from "../../../workerd/api/openapi/openapi";

export type Failure =
	/** No response: offline, refused, or timed out. */
	| "network"
	/** No session, or an expired one. */
	| "signed_out"
	/** The server refused the request and gave a reason. */
	| "refused"
	/** A response that violates the API. */
	| "garbled";

/** What the server says of a refused request. */
interface Refusal {
	/** For people. */
	readonly error?: unknown;
	/** Stable. */
	readonly code?: unknown;
	/** 422: what is wrong with each field, for people. */
	readonly fields?: unknown;
	/** 422: the same as codes. */
	readonly reasons?: unknown;
	/** 412: the record as it is now. */
	readonly current?: unknown;
}

/** By the names of the fields. */
export type Reasons = Readonly<Record<string, FieldReason>>;

interface Details {
	/** The wait that the server requests, if any. */
	readonly retryAfterMs?: number | null;
	readonly code?: string;
	readonly fields?: Readonly<Record<string, string>>;
	readonly reasons?: Reasons;
	readonly current?: unknown;
	readonly etag?: string | undefined;
}

export class ApiError extends Error {
	readonly retryAfterMs: number | null;
	/** The server's stable name of the failure; empty if unknown. */
	readonly code: string;
	/** By the names of the fields. */
	readonly fields: Readonly<Record<string, string>>;
	/** Why the server refuses these fields. */
	readonly reasons: Reasons;
	/** After a conflict: the record as it is now. */
	readonly current: unknown;
	/** That of `current`. */
	readonly etag: string | undefined;

	constructor(
		readonly failure: Failure,
		/** The HTTP status; 0 without a response. */
		readonly status: number,
		message: string,
		{
			retryAfterMs = null,
			code = "",
			fields = {},
			reasons = {},
			current = null,
			etag,
		}: Details = {},
	) {
		super(message);
		this.name = "ApiError";
		this.retryAfterMs = retryAfterMs;
		this.code = code;
		this.fields = fields;
		this.reasons = reasons;
		this.current = current;
		this.etag = etag;
	}

	/** `body` is that of a response outside of 2xx; a proxy may answer with HTML. */
	static of(response: Pick<Response, "status" | "headers">, body: string, now: number): ApiError {
		const { status } = response;
		const { error, code, fields, reasons, current } = stated(body);
		// Another 401 is a wrong password, of a login or of a form that asks for it again.
		const isSignedOut = status === 401 && code !== "invalid_password";
		return new ApiError(
			isSignedOut ? "signed_out" : "refused",
			status,
			typeof error === "string" && error !== "" ? error : `HTTP ${status}`,
			{
				retryAfterMs: retryAfterMs(response.headers.get("Retry-After"), now),
				code: typeof code === "string" ? code : "",
				fields: textsOf(fields),
				reasons: (reasons ?? {}) as Reasons,
				current,
				etag: response.headers.get("ETag") ?? undefined,
			},
		);
	}

	/** Anything that was thrown. */
	static from(reason: unknown): ApiError {
		return reason instanceof ApiError ? reason : new ApiError("garbled", 0, String(reason));
	}

	/** The same with other texts. */
	inWords(message: string, fields: Readonly<Record<string, string>>): ApiError {
		return new ApiError(this.failure, this.status, message, { ...this, fields });
	}

	/** Retrying cannot help. */
	get isFinal(): boolean {
		return this.status === 404 || this.status === 400 || this.status === 403;
	}

	/** Somebody else has changed the record: `current` has it. */
	get isConflict(): boolean {
		return this.status === 412;
	}
}

function stated(body: string): Refusal {
	try {
		const value: unknown = JSON.parse(body);
		return typeof value === "object" && value !== null ? value : {};
	} catch {
		return {};
	}
}

function textsOf(fields: unknown): Record<string, string> {
	if (typeof fields !== "object" || fields === null) return {};
	return Object.fromEntries(
		Object.entries(fields).map(([name, text]): [string, string] => [name, String(text)]),
	);
}

/** Retry-After (RFC 9110, 10.2.3): seconds or a date. Null if absent or invalid. */
export function retryAfterMs(header: string | null, now: number): number | null {
	if (header === null) return null;
	if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
	const date = Date.parse(header);
	return Number.isNaN(date) ? null : Math.max(0, date - now);
}
