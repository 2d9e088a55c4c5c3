// The URLs of a widget on the server.

import { failureFrom } from "../net/failure";
import { requestText } from "../net/http";

export interface Place {
	readonly settings: string;
	/** The URL of the WebSocket; with a visitor's token, it resumes the conversation. */
	socket(token: string | null): string;
}

/** `server`: the URL prefix of the server's paths. */
export function placeOf(server: string, widgetId: string): Place {
	const url = (leaf: string) =>
		new URL(`${server}/api/widget/${encodeURIComponent(widgetId)}/${leaf}`);
	return {
		settings: url("settings").href,
		socket(token) {
			const address = url("ws");
			address.protocol = address.protocol === "http:" ? "ws:" : "wss:";
			address.searchParams.set("stream", "1");
			if (token !== null) address.searchParams.set("token", token);
			return address.href;
		},
	};
}

/** Whether the widget still exists and allows this site. Throws a ChatFailure if there is no response. */
export async function isAllowed({ settings }: Place): Promise<boolean> {
	try {
		await requestText({ url: settings });
		return true;
	} catch (error) {
		const failure = failureFrom(error);
		if (failure.kind === "refused" || failure.kind === "denied") return false;
		throw failure;
	}
}
