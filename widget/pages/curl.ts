// A chat request as a shell command.

import type { ChatRequest } from "../../workerd/api/openapi/openapi";

export interface Request {
	readonly url: string;
	readonly key: string;
	readonly body: Readonly<ChatRequest>;
}

/** Inside single quotes a POSIX shell takes everything literally except the quote itself. */
export function shellQuote(text: string): string {
	return `'${text.replace(/'/g, "'\\''")}'`;
}

/** -N: curl must not buffer its output. */
export function curlCommand({ url, key, body }: Request): string {
	return [
		`curl -N ${shellQuote(url)}`,
		`  -H 'Content-Type: application/json'`,
		`  -H ${shellQuote(`x-api-key: ${key}`)}`,
		`  --data-raw ${shellQuote(JSON.stringify(body))}`,
	].join(" \\\n");
}
