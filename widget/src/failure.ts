// The ways in which a reply can fail, as far as a visitor can tell them apart.

export type FailureKind =
	/** No answer at all: offline, blocked, or gone. */
	| "unreachable"
	/** 429. */
	| "too_many"
	/** 401, 403: the site's tag has a wrong key, or the site is not allowed. */
	| "denied"
	/** Any other 4xx: this message will not do. */
	| "refused"
	/** 5xx, or an `error` event. */
	| "broken"
	/** The stream ended before the reply did. */
	| "cut_off";

export class ChatFailure extends Error {
	constructor(readonly kind: FailureKind) {
		super(kind);
	}
}

export function failureOfStatus(status: number): FailureKind {
	if (status === 429) return "too_many";
	if (status === 401 || status === 403) return "denied";
	if (status >= 400 && status < 500) return "refused";
	return "broken";
}
