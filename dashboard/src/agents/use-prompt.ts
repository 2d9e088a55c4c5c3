// What the model gets to know before a conversation, as the form says, unsaved changes included.

import { useEffect, useState } from "preact/hooks";
import type { AgentFields, PreviewedPrompt } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { useLater } from "../hooks/use-later";

export interface Prompt {
	/** Null: not known yet. With an error: of before. */
	readonly preview: PreviewedPrompt | null;
	readonly error: ApiError | null;
	retry(): Promise<void>;
}

/** `version` changes when the saved agent does. */
export function usePrompt(agentId: string, changes: AgentFields, version: number): Prompt {
	const { api } = useDesk();
	const [shown, setShown] = useState<Pick<Prompt, "preview" | "error">>({
		preview: null,
		error: null,
	});
	const fields = useLater(JSON.stringify(changes));

	async function load(signal?: AbortSignal) {
		try {
			const preview = await api.post("/v1/admin/agents/{agentId}/prompt", {
				path: { agentId },
				body: { agent: JSON.parse(fields) as AgentFields },
				signal,
			});
			setShown({ preview, error: null });
		} catch (reason) {
			if (!signal?.aborted) setShown(({ preview }) => ({ preview, error: ApiError.from(reason) }));
		}
	}

	useEffect(() => {
		const abort = new AbortController();
		void load(abort.signal);
		return () => abort.abort();
	}, [fields, version]);

	return { ...shown, retry: () => load() };
}
