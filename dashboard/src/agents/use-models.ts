// The models that a model server lists. Asked once for each server that the form selects: it is another machine's answer,
// which the change feed does not report.

import { useEffect, useState } from "preact/hooks";
import { useDesk } from "../api/desk";
import { ApiError } from "../api/errors";

export interface Models {
	/** Sorted; null: not known (yet). */
	readonly names: readonly string[] | null;
	/** Why they are not known. */
	readonly error: ApiError | null;
}

const UNKNOWN: Models = { names: null, error: null };

/** `server`: its name in the settings; null: the default one. */
export function useModels(server: string | null): Models {
	const { api } = useDesk();
	const [models, setModels] = useState<Models>(UNKNOWN);
	useEffect(() => {
		const abort = new AbortController();
		setModels(UNKNOWN);
		api
			.get("/v1/admin/models", {
				query: server === null ? {} : { server },
				signal: abort.signal,
			})
			.then(
				(list) => setModels({ names: list.models, error: null }),
				(reason: unknown) => {
					if (!abort.signal.aborted) setModels({ names: null, error: ApiError.from(reason) });
				},
			);
		return () => abort.abort();
	}, [server]);
	return models;
}
