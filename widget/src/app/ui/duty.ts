// Whether people answer now: how fast they usually do, or when they are back, in the visitor's zone and language. A visitor
// who waits for a person while nobody is there is asked for an e-mail address (email-field.ts), unless it is known.

import { el } from "../../dom";
import { serverOf } from "../../loader/tag";
import type { Contact, State } from "../chat/state";
import type { Opened, OpenParts } from "../conversation";

/** How long an answer of the server is shown before it is asked again. */
const FRESH_MS = 60_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

interface Duty {
	readonly open: boolean;
	readonly opensAt: number | null;
	readonly people: "online" | "away" | null;
	readonly repliesInMs: number | null;
}

const midnight = (at: number) => new Date(at).setHours(0, 0, 0, 0);

/** "tomorrow", "Monday", "5 January". */
function dayOf(at: number, now: number, language: string): string {
	const days = Math.round((midnight(at) - midnight(now)) / DAY);
	if (days < 2)
		return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day");
	return new Date(at).toLocaleDateString(
		language,
		days < 7 ? { weekday: "long" } : { day: "numeric", month: "long" },
	);
}

/** "4 minutes", "2 hours", "3 days". */
function durationOf(ms: number, language: string): string {
	const minutes = Math.max(1, Math.round(ms / MINUTE));
	const [unit, value] =
		minutes < 60
			? ["minute", minutes]
			: minutes < 1440
				? ["hour", Math.round(minutes / 60)]
				: ["day", Math.round(minutes / 1440)];
	return new Intl.NumberFormat(language, {
		style: "unit",
		unit,
		unitDisplay: "long",
	} as object).format(value as number);
}

/** The setting operators.askEmail, which only this part reads. */
function mayAsk({ script, record }: OpenParts["shell"]): boolean {
	const stored = Object(record.operators).askEmail ?? true;
	return String(script.dataset.operatorsAskEmail?.trim() || stored) === "true";
}

/** Whether the visitor has given an e-mail address, as long as the session lasts. */
function rememberEmail({ shell }: OpenParts, { local }: Opened) {
	const [key, session] = shell.widgetId
		? [`banter.email.${shell.widgetId}`, `banter.token.${shell.widgetId}`]
		: ["banter.email", "banter.session"];
	return {
		get: () => local.getItem(key) !== null && local.getItem(key) === local.getItem(session),
		put: () => local.setItem(key, local.getItem(session) ?? ""),
	};
}

export function createDuty(parts: OpenParts, opened: Opened): HTMLElement {
	const { store } = opened;
	const { shell, settings, words, signal } = parts;
	const { apiUrl = "", apiKey = "" } = shell.script.dataset;
	const url = shell.widgetId
		? `${shell.server}/api/widget/${encodeURIComponent(shell.widgetId)}/availability`
		: `${serverOf(apiUrl, shell.script.src)}/v1/chat/availability`;
	const node = el("p", { class: "duty", hidden: "" });
	let duty: Duty | null = null;
	let askedAt = 0;
	let wasWaiting = false;
	const email = rememberEmail(parts, opened);
	/** The contact form before the visitor was asked for an e-mail address. */
	let form: Contact | null = null;
	let last: State | null = null;
	/** The widget takes none any more. */
	let isRefused = false;

	function textOf({ people }: State): string {
		if (!duty || people.phase === "person") return "";
		const { code } = shell.language;
		// The visitor's own variant of it.
		const locale = navigator.languages.find((one) => one.startsWith(code)) ?? code;
		const { open, opensAt, repliesInMs } = duty;
		if (!open)
			return opensAt
				? words("backAt", {
						day: dayOf(opensAt, Date.now(), locale),
						time: new Intl.DateTimeFormat(locale, { timeStyle: "short" }).format(opensAt),
					})
				: words("nobodyHere");
		return repliesInMs ? words("usuallyReplies", { time: durationOf(repliesInMs, locale) }) : "";
	}

	/** Whether the visitor, who waits in vain, is asked for an e-mail address. */
	function wantsEmail({ contact: { phase, problem } }: State): boolean {
		const isNew = phase !== last?.contact.phase;
		if (isNew && phase === "saved" && problem) email.put();
		if (phase === "hidden" && last?.contact.phase === "sending") isRefused = true;
		const isKnown = settings.contact?.needed.includes("email") || email.get();
		return mayAsk(shell) && !isKnown && !isRefused;
	}

	function showAway(isAway: boolean, wants: boolean): void {
		const { people, contact } = store.get();
		const asks = wants || (!!people.asksEmail && contact.phase === "sending");
		if (isAway === !!people.isAway && asks === !!people.asksEmail) return;
		if (!people.asksEmail) form = contact;
		store.update((now) => ({
			...now,
			people: { ...now.people, isAway, asksEmail: asks },
			contact: asks || contact.phase !== "asked" || !form ? contact : form,
		}));
	}

	function render(): void {
		const state = store.get();
		const { people } = state;
		const isWaiting = people.phase === "waiting";
		if (state.open && (settings.offersPerson || isWaiting)) void ask(isWaiting && !wasWaiting);
		wasWaiting = isWaiting;
		const isAway = !!duty && (!duty.open || duty.people === "away");
		const wants = wantsEmail(state);
		last = state;
		showAway(isAway, isAway && isWaiting && wants);
		const text = textOf(state);
		if (text !== node.textContent) node.textContent = text;
		node.hidden = !text;
	}

	/** `isUrgent`: the visitor has begun to wait. */
	async function ask(isUrgent: boolean): Promise<void> {
		if (Date.now() - askedAt < FRESH_MS && !isUrgent) return;
		askedAt = Date.now();
		const headers = shell.widgetId ? {} : { "x-api-key": apiKey.trim() };
		// Without an answer nothing is promised.
		duty = await fetch(url, { headers, credentials: "omit", signal }).then(
			(answer) => (answer.ok ? answer.json() : null),
			() => null,
		);
		if (!signal.aborted) render();
	}

	store.subscribe(render);
	render();
	return node;
}
