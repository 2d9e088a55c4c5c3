// Files of messages: those that an operator sends, and those of a thread. What they look like and how they are sent is
// the widget's code.

import { showFiles } from "../../../widget/src/files/shown";
import { createTray } from "../../../widget/src/files/tray";
import {
	type Attached,
	createUploads,
	type FileLimits,
	Refused,
} from "../../../widget/src/files/uploads";
import type { Client } from "../api/client";
import { ApiError } from "../api/errors";
import { locale } from "../text/language";
import { t } from "./texts";

const SPOKEN = { words: t, code: locale, server: "" };

/** `renew`: reads the message again. */
export function show(files: readonly Attached[], renew: () => void): HTMLElement {
	return showFiles(files, { ...SPOKEN, stage: document.body, renew });
}

export interface Attaching {
	readonly node: HTMLElement;
	add(files: readonly File[]): void;
	/** How many there are. */
	count(): number;
	/** All of them are with the server, perhaps not yet with their descriptions. */
	isReady(): boolean;
	/** Whether a description is on its way to the server: then it calls `send` once it is there, unless that fails. */
	hold(send: () => void): boolean;
	take(): Attached[];
	give(files: readonly Attached[]): void;
}

/** `scope`: the operator and the conversation. `signal` ends it. */
export function attach(
	api: Client,
	limits: FileLimits,
	scope: string,
	changed: () => void,
	signal: AbortSignal,
): Attaching {
	const uploads = createUploads({
		limits,
		server: "",
		scope,
		signal,
		async begin(body) {
			try {
				return await api.post("/v1/admin/files", { body });
			} catch (reason) {
				const { status, code, retryAfterMs } = ApiError.from(reason);
				throw new Refused(status, code, [], retryAfterMs ?? 0);
			}
		},
		changed() {
			tray.render();
			changed();
		},
	});
	const tray = createTray(SPOKEN, uploads);
	tray.render();
	return {
		...uploads,
		node: tray.node,
		count: () => uploads.get().length,
		isReady: () => uploads.get().every(({ phase }) => phase === "done"),
	};
}
