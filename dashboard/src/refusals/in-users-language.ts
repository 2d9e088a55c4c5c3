// Loads the texts of refusals when the server has refused something.

import type { ApiError } from "../api/errors";

/** The statuses whose reason the pages show. */
const TRANSLATED = new Set([400, 404, 409, 410, 413, 422]);

/** The error of a request to this path of the API. */
export async function inUsersLanguage(error: ApiError, path: string): Promise<ApiError> {
	if (!TRANSLATED.has(error.status)) return error;
	try {
		const { translate } = await import("./translate");
		return await translate(error, path);
	} catch {
		// Offline since then: the server's text is better than none.
		return error;
	}
}
