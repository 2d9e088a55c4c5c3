// The files that the operator adds to a reply. Their code is loaded for the first one, or for those that a reload has
// left. They are still sent when the operator opens another conversation.

import { useEffect, useReducer } from "preact/hooks";
import type { FileLimits, MessageFile } from "../../../workerd/api/openapi/openapi";
import { useDesk, useKept } from "../api/desk";
import { ApiError } from "../api/errors";
import { loadFiles } from "../files";
import type { Attaching } from "../files/files";
import { toastError } from "../shell/toasts";

export interface UseAttaching {
	/** null: there are none. */
	get(): Attaching | null;
	add(files: readonly File[]): void;
	/** Of a message that is not sent after all. */
	give(files: readonly MessageFile[]): void;
}

/** Until the server has named its own, which refuses what is too much. */
const NO_LIMITS: FileLimits = { perMessage: 5, maxBytes: Number.POSITIVE_INFINITY };

/** `user`: the operator's id; `id`: of the conversation. */
export function useAttaching(user: string, id: string, limits = NO_LIMITS): UseAttaching {
	const { api } = useDesk();
	const [, changed] = useReducer((n: number) => n + 1, 0);
	const scope = `banter:files:${user}:${id}`;
	const kept = useKept(scope, () => {
		const life = new AbortController();
		let files: Attaching | null = null;
		const one = {
			limits,
			changed() {},
			get: () => (files && files.count() > 0 ? files : null),
			async open() {
				files ??= (await loadFiles()).attach(
					api,
					one.limits,
					scope,
					() => {
						// Says after a reload that the browser keeps some.
						if (one.get()) localStorage.setItem(scope, "1");
						else localStorage.removeItem(scope);
						one.changed();
					},
					life.signal,
				);
				return files;
			},
			add(list: readonly File[]) {
				one.open().then(
					(opened) => opened.add(list),
					(reason) => toastError(ApiError.from(reason)),
				);
			},
			give: (list: readonly MessageFile[]) => void one.open().then((opened) => opened.give(list)),
			end: () => life.abort(),
		};
		return one;
	});
	kept.limits = limits;
	useEffect(() => {
		kept.changed = () => changed(undefined);
		if (localStorage.getItem(scope)) kept.open().catch(() => {});
		return () => {
			kept.changed = () => {};
		};
	}, [kept]);
	return kept;
}
