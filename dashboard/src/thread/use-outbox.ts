// The outbox of the open conversation. What is on its way when the operator opens another conversation is still sent.

import { useEffect, useReducer } from "preact/hooks";
import type { Me, Message } from "../../../workerd/api/openapi/openapi";
import { useDesk, useKept } from "../api/desk";
import { ApiError } from "../api/errors";
import { browser } from "../api/surroundings";
import { toastError } from "../shell/toasts";
import { operatorName } from "./operator";
import { createOutbox, type Outbox, type Outgoing } from "./outbox";
import { takeOver } from "./use-actions";

/** Also on pages without HTTPS, where crypto.randomUUID() is missing. */
function randomId(): string {
	return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("");
}

/** Who hears of an outbox: the thread while it is open. */
interface Heard {
	changed(): void;
	onSent(message: Message): void;
	/** Ends the sending. */
	end(): void;
}

export function useOutbox(
	user: string,
	id: string,
	me: Me | null,
	onSent: (message: Message) => void,
): Outbox {
	const { kept } = useDesk();
	const [, changed] = useReducer((n: number) => n + 1, 0);
	const key = `outbox ${user} ${id}`;
	const { outbox, heard } = useKept(key, ({ api }) => {
		const hears: Heard = { changed() {}, onSent() {}, end() {} };
		const post = ({ content, files, id: clientMessageId }: Outgoing) =>
			api.post("/v1/admin/conversations/{conversationId}/messages", {
				path: { conversationId: id },
				body: { content, clientMessageId, files: files?.map((one) => one.id) ?? [] },
			});
		const made = createOutbox(user, id, {
			store: localStorage,
			around: browser,
			async post(one) {
				try {
					return await post(one);
				} catch (reason) {
					if (ApiError.from(reason).code !== "not_taken_over") throw reason;
				}
				// The first reply takes over.
				await takeOver(api, id, operatorName(me), false);
				return post(one);
			},
			changed: () => hears.changed(),
			onSent: (message) => hears.onSent(message),
			newId: randomId,
			now: Date.now,
		});
		/** After the sign-out, when the next user may be another one. */
		const end = () => hears.end();
		return { outbox: made, heard: hears, end };
	});

	useEffect(() => {
		heard.end();
		heard.changed = () => changed(undefined);
		heard.onSent = onSent;
		heard.end = outbox.open();
		return () => {
			heard.onSent = () => {};
			heard.changed = () => endWhenDone(true);
			endWhenDone(false);
		};
	}, [outbox]);

	/** `isNews`: a failure is one that nobody has seen. */
	function endWhenDone(isNews: boolean) {
		const failed = outbox.get().find((one) => one.error)?.error;
		if (!failed && outbox.get().length > 0) return;
		heard.changed = () => {};
		heard.end();
		kept.delete(key);
		if (failed && isNews) toastError(failed);
	}

	return outbox;
}
