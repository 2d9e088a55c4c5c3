// The client of the admin API. Every failure is an ApiError, except when the caller aborted; an
// expired session is also reported once by `onSignedOut`.

import type { Error as ApiErrorBody, LoginRequest } from "../../workerd/api/openapi/openapi";
import { decodePage, decodeThread } from "./decode";
import { ApiError } from "./errors";
import type { ConversationPage, Thread } from "./model";
import { retryAfterMs } from "./time";

const TIMEOUT_MS = 15_000;
const PAGE_SIZE = 100;

export interface Api {
	/** Without an e-mail: the password is DASHBOARD_PASSWORD. */
	logIn(password: string, email?: string): Promise<void>;
	logOut(): Promise<void>;
	/** Those after `cursor`; null: the newest. */
	conversations(cursor: string | null, signal: AbortSignal): Promise<ConversationPage>;
	conversation(id: string, signal: AbortSignal): Promise<Thread>;
}

type Fetch = (path: string, init: RequestInit) => Promise<Response>;

/** `onSignedOut` is called when a request finds no valid session. */
export function createApi(
	onSignedOut: () => void,
	fetchFn: Fetch = (path, init) => fetch(path, init),
): Api {
	async function withSession<T>(call: Promise<T>): Promise<T> {
		try {
			return await call;
		} catch (error) {
			if (error instanceof ApiError && error.failure === "signed_out") onSignedOut();
			throw error;
		}
	}

	async function get<T>(path: string, decode: (v: unknown) => T, signal: AbortSignal): Promise<T> {
		const body = await withSession(request(fetchFn, path, { signal }));
		try {
			return decode(body);
		} catch (error) {
			throw new ApiError("garbled", 200, String(error));
		}
	}

	return {
		async logIn(password, email) {
			const who: LoginRequest = email === undefined ? { password } : { email, password };
			await request(fetchFn, "/api/login", post(who));
		},
		async logOut() {
			await withSession(request(fetchFn, "/api/logout", post({})));
		},
		conversations(cursor, signal) {
			const query = new URLSearchParams({ limit: `${PAGE_SIZE}`, ...(cursor && { cursor }) });
			return get(`/v1/admin/conversations?${query}`, decodePage, signal);
		},
		conversation(id, signal) {
			const path = `/v1/admin/conversations/${encodeURIComponent(id)}`;
			return get(path, decodeThread, signal);
		},
	};
}

function post(body: unknown): RequestInit {
	return {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(body),
	};
}

/** The parsed body of a 2xx response; null without a body. */
async function request(fetchFn: Fetch, path: string, init: RequestInit): Promise<unknown> {
	// AbortSignal.any() is missing in older browsers that we support.
	const abort = new AbortController();
	const caller = init.signal;
	const onAbort = () => abort.abort();
	const timer = setTimeout(onAbort, TIMEOUT_MS);
	caller?.addEventListener("abort", onAbort);
	if (caller?.aborted) onAbort();

	let response: Response;
	let body: string;
	try {
		response = await fetchFn(path, {
			...init,
			signal: abort.signal,
			credentials: "same-origin",
			cache: "no-store",
		});
		body = await response.text();
	} catch (error) {
		if (caller?.aborted) throw error;
		throw new ApiError("network", 0, String(error));
	} finally {
		clearTimeout(timer);
		caller?.removeEventListener("abort", onAbort);
	}
	if (!response.ok) throw refusal(response, body);
	return body === "" ? null : parse(body, response.status);
}

function parse(body: string, status: number): unknown {
	try {
		return JSON.parse(body);
	} catch (error) {
		throw new ApiError("garbled", status, String(error));
	}
}

function refusal(response: Response, body: string): ApiError {
	const { status } = response;
	const wait = retryAfterMs(response.headers.get("Retry-After"), Date.now());
	const failure = status === 401 ? "signed_out" : "refused";
	return new ApiError(failure, status, statedError(body) ?? `HTTP ${status}`, wait);
}

/** The server's error message; a proxy may respond with HTML instead. */
function statedError(body: string): string | null {
	try {
		const { error } = JSON.parse(body) as { [K in keyof ApiErrorBody]?: unknown };
		return typeof error === "string" && error !== "" ? error : null;
	} catch {
		return null;
	}
}
