// Loads a widget's settings by its public id, so that changes in the dashboard need no change on
// the site. Invalid values become their defaults.

import type { Config, ContactField, ContactWish } from "../config";
import type { Network } from "../net/backoff";
import { parseObject } from "../net/events";
import { failureFrom } from "../net/failure";
import { requestText } from "../net/http";
import { createRetries } from "../net/retry";
import { parseHex, WHITE } from "../ui/color";

const FIELDS: readonly ContactField[] = ["name", "email", "phone"];

/** This many responses in a row that CORS hides from us are not a coincidence. */
const KEPT_MAX = 5;
/** The longest delay of a browser's timers. */
const FOREVER_MS = 2 ** 31 - 1;

const DEFAULT_ACCENT = { r: 99, g: 102, b: 241 };

type Unchecked = { readonly [name: string]: unknown };

/** The URLs of a widget. */
export interface Place {
	readonly config: string;
	/** The URL of its WebSocket; a token resumes a conversation. */
	socket(token: string | null): string;
}

/** The script's own URL, including a path that a proxy has added. */
const OUR_SCRIPT = /\/(?:api\/widget\/embed|widget\/chat-widget)\.js$/;

export function placeOf(widgetId: string, scriptUrl: string): Place {
	const base = new URL(scriptUrl);
	const root = OUR_SCRIPT.test(base.pathname) ? base.pathname.replace(OUR_SCRIPT, "") : "";
	const url = (leaf: string) =>
		new URL(`${root}/api/widget/${encodeURIComponent(widgetId)}/${leaf}`, base);
	return {
		config: url("config").href,
		socket(token) {
			const address = url("ws");
			address.protocol = base.protocol === "http:" ? "ws:" : "wss:";
			address.searchParams.set("stream", "1");
			if (token !== null) address.searchParams.set("token", token);
			return address.href;
		},
	};
}

function wishFrom(settings: Unchecked): ContactWish | null {
	const fields = FIELDS.filter((field) => settings[`collect_${field}`] === true);
	const mode = settings.contact_info_mode;
	if (fields.length === 0 || (mode !== "optional" && mode !== "required")) return null;
	return { required: mode === "required", fields };
}

export function parseSettings(body: string): Config {
	const settings: Unchecked = { ...parseObject(body) };
	const text = (name: string, fallback: string) => {
		const value = settings[name];
		return (typeof value === "string" && value.trim()) || fallback;
	};
	return {
		title: text("name", "Chat with us"),
		welcomeMessage: text("greeting", "Hi there! How can we help?"),
		inputPlaceholder: "Write a message…",
		position: settings.position === "bottom_left" ? "left" : "right",
		accent: parseHex(text("primary_color", "")) ?? DEFAULT_ACCENT,
		onAccent: parseHex(text("text_color", "")) ?? WHITE,
		contact: wishFrom(settings),
	};
}

/** null: the widget does not exist or does not allow this site. Throws a ChatFailure. */
export async function fetchSettings(place: Place): Promise<Config | null> {
	try {
		return parseSettings(await requestText({ url: place.config }));
	} catch (error) {
		const failure = failureFrom(error);
		if (failure.kind === "refused" || failure.kind === "denied") return null;
		throw failure;
	}
}

/**
 * Whether the server responds at all. CORS hides a response from a site that is not allowed as if
 * there were none; a request with mode no-cors (Fetch standard) still succeeds if there was a
 * response.
 */
async function isAnswered(url: string): Promise<boolean> {
	const unread = await requestText({ url, mode: "no-cors" }).catch(failureFrom);
	return typeof unread === "string" || unread.kind !== "unreachable";
}

/**
 * The same, with retries. `hint` is called when this site may not be allowed. As a proxy without a
 * server or a broken connection looks alike, the request is repeated, in the end whenever the page
 * becomes visible.
 */
export async function awaitSettings(
	place: Place,
	network: Network,
	hint: () => void,
): Promise<Config | null> {
	const retries = createRetries(network);
	let kept = 0;
	for (;;) {
		try {
			return await fetchSettings(place);
		} catch (error) {
			const failure = failureFrom(error);
			const isKept = failure.kind === "unreachable" && (await isAnswered(place.config));
			kept = isKept ? kept + 1 : 0;
			if (isKept) hint();
			if (kept >= KEPT_MAX) {
				await network.pause(0, FOREVER_MS);
			} else {
				retries.accept(failure);
				await retries.wait(failure);
			}
		}
	}
}
