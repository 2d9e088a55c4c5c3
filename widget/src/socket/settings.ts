// How a widget that is set up in the dashboard looks and asks: fetched by its public id, so that a
// change there needs none on the site. Whatever makes no sense becomes its default.

import type { Config, ContactField, ContactWish } from "../config";
import type { Network } from "../net/backoff";
import { parseObject } from "../net/events";
import { failureFrom } from "../net/failure";
import { requestText } from "../net/http";
import { createRetries } from "../net/retry";
import { parseHex, WHITE } from "../ui/color";

const FIELDS: readonly ContactField[] = ["name", "email", "phone"];

/** So many answers in a row that the browser keeps from us are no accident. */
const KEPT_MAX = 5;
/** The longest time that a browser's timers know. */
const FOREVER_MS = 2 ** 31 - 1;

const DEFAULT_ACCENT = { r: 99, g: 102, b: 241 };

type Unchecked = { readonly [name: string]: unknown };

/** Where a widget's paths are. */
export interface Place {
	readonly config: string;
	/** Of its WebSocket; a token resumes what was said before. */
	socket(token: string | null): string;
}

/** Our script's own address, below whatever path a proxy has put it. */
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

/** null: there is no such widget, or it is not for this site. Throws a ChatFailure. */
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
 * Whether anybody answers at all. A browser keeps an answer from a site that may not have it as if there
 * were none, but tells that a request was answered whose answer nobody reads (Fetch, the mode no-cors).
 */
async function isAnswered(url: string): Promise<boolean> {
	const unread = await requestText({ url, mode: "no-cors" }).catch(failureFrom);
	return typeof unread === "string" || unread.kind !== "unreachable";
}

/**
 * The same, for as long as it may yet come. `hint` is called when the site may be one that it is not for:
 * or it was a proxy with nobody behind it, or a connection that broke. So it is asked again, and in the end
 * whenever somebody looks at the page.
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
