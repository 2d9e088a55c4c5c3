// The client of the server's API, typed by its OpenAPI document. Every failure is an ApiError; an
// expired session is also reported by `onSignedOut`.

import type { paths } from "../../../workerd/api/openapi/openapi";
import { ApiError } from "./errors";

const TIMEOUT_MS = 15_000;
const UPLOAD_TIMEOUT_MS = 600_000;

type Method = "get" | "post" | "put" | "delete";
/** The paths that have the method. */
export type PathWith<M extends Method> = {
	[P in keyof paths]: paths[P] extends Record<M, object> ? P : never;
}[keyof paths];
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;

type JsonOf<T> = T extends { content: { "application/json": infer Body } } ? Body : null;
/** The body of a successful response; null without one. */
export type ResultOf<P extends keyof paths, M extends Method> =
	Operation<P, M> extends { responses: infer Responses }
		? { [S in keyof Responses]: JsonOf<Responses[S]> }[keyof Responses]
		: never;
export type BodyOf<P extends keyof paths, M extends Method> =
	Operation<P, M> extends { requestBody?: infer Request } ? JsonOf<NonNullable<Request>> : never;
type ParametersOf<P extends keyof paths, M extends Method, Where extends "path" | "query"> =
	Operation<P, M> extends { parameters: { [W in Where]?: infer Values } }
		? [NonNullable<Values>] extends [never]
			? unknown
			: { [W in Where]?: NonNullable<Values> }
		: unknown;

interface Common {
	readonly signal?: AbortSignal | undefined;
	/** The ETag that was read: the server refuses with 412 if somebody has changed the record since. */
	readonly ifMatch?: string | undefined;
	/** A body that is not JSON, with its media type. */
	readonly content?: Blob | undefined;
}
export type Options<P extends keyof paths, M extends Method> = Common &
	ParametersOf<P, M, "path"> &
	ParametersOf<P, M, "query"> & { readonly body?: BodyOf<P, M> };

/** What a response has besides its body. */
export interface Answer<T> {
	readonly data: T;
	readonly etag: string | undefined;
}

export interface Client {
	get<P extends PathWith<"get">>(path: P, options?: Options<P, "get">): Promise<ResultOf<P, "get">>;
	post<P extends PathWith<"post">>(
		path: P,
		options?: Options<P, "post">,
	): Promise<ResultOf<P, "post">>;
	put<P extends PathWith<"put">>(path: P, options?: Options<P, "put">): Promise<ResultOf<P, "put">>;
	delete<P extends PathWith<"delete">>(
		path: P,
		options?: Options<P, "delete">,
	): Promise<ResultOf<P, "delete">>;
	/** As `get`, with the ETag, for a form that will send it back as `ifMatch`. */
	read<P extends PathWith<"get">>(
		path: P,
		options?: Options<P, "get">,
	): Promise<Answer<ResultOf<P, "get">>>;
	/** As `put`, with the ETag of the changed record. */
	write<P extends PathWith<"put">>(
		path: P,
		options?: Options<P, "put">,
	): Promise<Answer<ResultOf<P, "put">>>;
	/** A response that arrives in pieces; the caller reads its body. No timeout. */
	stream<P extends PathWith<"post">>(path: P, options?: Options<P, "post">): Promise<Response>;
	/** The error in the user's language, as if a request to this path had failed: of one of many results. */
	explain: Translate;
}

/** The error of a request to this path, in the user's language. */
type Translate = (error: ApiError, path: string) => Promise<ApiError>;

type Fetch = (path: string, init: RequestInit) => Promise<Response>;

/** The options of all operations, as the functions below see them. */
interface Loose extends Common {
	readonly path?: Readonly<Record<string, unknown>>;
	readonly query?: Readonly<Record<string, unknown>>;
	readonly body?: unknown;
}

/** `onSignedOut` is called when a request finds no valid session. */
export function createClient(
	onSignedOut: () => void,
	fetchFn: Fetch = (path, init) => fetch(path, init),
	translate: Translate = async (error) => error,
): Client {
	async function answer(
		method: Method,
		template: string,
		options: Loose,
	): Promise<Answer<unknown>> {
		try {
			return await request(fetchFn, method, template, options);
		} catch (error) {
			throw await noticed(error, template);
		}
	}

	async function noticed(error: unknown, template: string): Promise<unknown> {
		if (!(error instanceof ApiError)) return error;
		if (error.failure === "signed_out") onSignedOut();
		return error.failure === "refused" ? translate(error, template) : error;
	}

	const call =
		(method: Method) =>
		async (template: string, options: Loose = {}): Promise<unknown> =>
			(await answer(method, template, options)).data;

	const client = {
		get: call("get"),
		post: call("post"),
		put: call("put"),
		delete: call("delete"),
		read: (template: string, options: Loose = {}) => answer("get", template, options),
		explain: translate,
		write: (template: string, options: Loose = {}) => answer("put", template, options),
		async stream(template: string, options: Loose = {}) {
			try {
				return await send(fetchFn, "post", template, options, options.signal);
			} catch (error) {
				throw await noticed(error, template);
			}
		},
	};
	// The types of `paths` say more than the functions know.
	return client as unknown as Client;
}

/** `/v1/widgets/{id}` with its parameters and its query. */
export function address(
	template: string,
	path: Readonly<Record<string, unknown>> = {},
	query: Readonly<Record<string, unknown>> = {},
): string {
	const filled = template.replace(/\{(\w+)\}/g, (_, name: string) =>
		encodeURIComponent(String(path[name])),
	);
	const search = new URLSearchParams();
	for (const [name, value] of Object.entries(query))
		if (value !== undefined && value !== null) search.set(name, String(value));
	const text = search.toString();
	return text === "" ? filled : `${filled}?${text}`;
}

/** The response, if it is a successful one. */
async function send(
	fetchFn: Fetch,
	method: Method,
	template: string,
	{ path, query, body, content, ifMatch }: Loose,
	signal: AbortSignal | undefined,
): Promise<Response> {
	let response: Response;
	try {
		response = await fetchFn(address(template, path, query), {
			method: method.toUpperCase(),
			headers: {
				...(body !== undefined && { "Content-Type": "application/json" }),
				...(content && { "Content-Type": content.type }),
				...(ifMatch !== undefined && { "If-Match": ifMatch }),
			},
			...(body !== undefined && { body: JSON.stringify(body) }),
			...(content && { body: content }),
			...(signal && { signal }),
			credentials: "same-origin",
			cache: "no-store",
		});
		if (response.ok) return response;
		throw ApiError.of(response, await response.text(), Date.now());
	} catch (error) {
		if (error instanceof ApiError) throw error;
		throw new ApiError("network", 0, String(error));
	}
}

async function request(
	fetchFn: Fetch,
	method: Method,
	template: string,
	options: Loose,
): Promise<Answer<unknown>> {
	// AbortSignal.any() is missing in older browsers that we support.
	const abort = new AbortController();
	const caller = options.signal;
	const onAbort = () => abort.abort();
	const timer = setTimeout(onAbort, options.content ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS);
	caller?.addEventListener("abort", onAbort);
	if (caller?.aborted) onAbort();
	try {
		const response = await send(fetchFn, method, template, options, abort.signal);
		const etag = response.headers.get("ETag") ?? undefined;
		return { data: parse(await response.text(), response.status), etag };
	} catch (error) {
		// The connection was lost within the body.
		throw error instanceof ApiError ? error : new ApiError("network", 0, String(error));
	} finally {
		clearTimeout(timer);
		caller?.removeEventListener("abort", onAbort);
	}
}

function parse(body: string, status: number): unknown {
	if (body === "") return null;
	try {
		return JSON.parse(body);
	} catch (error) {
		throw new ApiError("garbled", status, String(error));
	}
}
