// For records that the server keeps without a version: refuses a write if somebody has changed the record since it
// was read, as an If-Match would. Between the check and the write, a change of another may still slip through.

import type { Answer } from "./client";
import { ApiError } from "./errors";

/** `seen` is the record as it was read. `write` runs only if the record is still the same. */
export async function ifUnchanged<T>(
	seen: T,
	read: () => Promise<T>,
	write: () => Promise<T>,
): Promise<Answer<T>> {
	const current = await read();
	if (JSON.stringify(current) !== JSON.stringify(seen))
		throw new ApiError("refused", 412, "changed", { code: "changed", current });
	return { data: await write(), etag: undefined };
}
