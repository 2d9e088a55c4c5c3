// One message on the screen, updated from its state.

import { el, setChildren, spoken } from "../../dom";
import { createMarkdown } from "../../markdown/index";
import { LINK, splitLinks } from "../../markdown/links";
import {
	type Answer,
	type Decision,
	isLive,
	type Message,
	type Question,
	type Reply,
} from "../chat/state";
import { stringify } from "../net/parse";
import type { PartOwner, usePart } from "../parts";
import { pauseText, type Words } from "../words";
import { type ActionParts, createActions } from "./actions";
import type { createAvatar } from "./avatar";
import { ALERT, type Icon, icon, RETRY, STOP, WAIT } from "./icons";
import type { LogParts } from "./log";
import type { Offer } from "./offer";
import { writerOf } from "./people";
import { createSources, knownHosts, type Sources } from "./sources";

export interface MessageParts extends ActionParts, PartOwner {
	readonly shell: LogParts["shell"];
	readonly events: ActionParts["events"] & {
		answer(wish: Answer, text: string): boolean;
		/** An older app has none. */
		decide?(decision: Decision): void;
	};
	/** The app has it already; an older one does not give it. */
	readonly usePart?: typeof usePart;
	readonly retry: () => void;
	/** Asks for the rest of a reply that was too long. */
	readonly goOn: () => void;
	/** The app has it already. */
	readonly createAvatar: typeof createAvatar;
}

export interface MessageView {
	readonly node: HTMLElement;
	/**
	 * `isLast`: only the newest failed reply offers a retry; or a message that the server may not have yet. `isDown`: there is no connection, which the
	 * line above the text field says. `isAnswered`: what it offers. `step`: what it ends with that waits, or has waited, for a
	 * decision; not checked.
	 */
	render(
		message: Message,
		isLast: boolean,
		isDown: boolean,
		isAnswered: boolean,
		step?: unknown,
	): void;
}

function withLinks(text: string): (Node | string)[] {
	return splitLinks(text).map((piece) => {
		if (typeof piece === "string") return piece;
		return el("a", { href: piece.href, ...LINK }, piece.label);
	});
}

/** The room that pictures and files will take, before they are there: as in files.css, unless a name has two lines. */
function roomFor(files: readonly unknown[]): number {
	const pictures = files.filter((file) => /^image/.test(Object(file).type)).length;
	const others = files.length - pictures;
	return (files[1] ? Math.ceil(pictures / 2) * 118 : pictures * 180) + others * 56 - 6;
}

/** The files of a message, in a node of their own once it has some. */
function createAttached(parts: MessageParts) {
	const room = el("div", { class: "room" });
	let shown = "";
	return {
		/** With newer addresses, too. */
		render(files: unknown): HTMLElement[] {
			if (!Array.isArray(files) || !files[0]) return [];
			const now = stringify(files);
			if (!shown) room.style.minHeight = `${roomFor(files)}px`;
			if (now !== shown)
				void parts.usePart?.("files", parts, ({ showFiles }) => showFiles(parts, files, room));
			shown = now;
			return [room];
		},
	};
}

function createQuestion(parts: MessageParts, { text }: Question): MessageView {
	const bubble = el("div", { class: "bubble", dir: "auto" }, ...withLinks(text));
	const actions = createActions(parts, bubble);
	const attached = createAttached(parts);
	const body = el("div", { class: "body" });
	const node = el("div", { class: "row user" }, spoken(parts.words("youSaid")), body);
	/** Until the server has said when it stored the message. */
	const now = Date.now();
	return {
		node,
		render(message, isLast, isDown) {
			if (message.role !== "user") return;
			const { at, isQueued, answer } = message;
			const files = attached.render(Object(answer).files);
			setChildren(body, [...(text ? [bubble] : []), ...files, actions.node]);
			actions.render({ ...message, at: at ?? now, isQueued: isQueued || (isLast && isDown) });
		},
	};
}

/** `name`: who is writing. */
export function dots(words: Words, name: string): HTMLElement {
	const dot = () => el("i", { "aria-hidden": "true" });
	return el("span", { class: "dots" }, spoken(words("isWriting", { name })), dot(), dot(), dot());
}

function note(look: string, path: Icon, text: string, buttons: readonly HTMLElement[]) {
	return el("div", { class: `note ${look}` }, icon(path), el("p", {}, text), ...buttons);
}

function aside(picture: Element, text: string, button: Element | null = null): HTMLElement {
	return el("p", { class: "aside" }, picture, text, ...(button ? [button] : []));
}

/**
 * The server's reply when a content filter has refused the visitor's message (FILTERED in workerd/turn/turn_store.c): the
 * visitor reads the widget's own words instead.
 */
const UNANSWERED = "Sorry, I cannot answer that. Please put it another way.";

/** Whether its message would fail again, because of its files. */
const isOfFiles = ({ failure }: Reply) => /file/.test(`${failure}`);

/** The note below a reply's text. `retry`, `goOn`: only for the newest one. `advice`: in place of a retry. */
function remarkOn(
	words: Words,
	reply: Reply,
	retry: HTMLElement | null,
	goOn: HTMLElement | null,
	advice: HTMLElement,
	isDown: boolean,
): HTMLElement | null {
	const { phase, failure, text } = reply;
	if (phase === "stopped") return aside(icon(STOP, "filled"), words("stopped"));
	if (phase === "cut") return aside(icon(ALERT), words("cut"), goOn);
	if (phase === "filtered" && text !== UNANSWERED) return aside(icon(ALERT), words("filtered"));
	if (phase === "paused") {
		// The visitor cannot shorten a wait that the server demands.
		const isSet = failure === "too_many" || failure === "busy";
		if (isDown && !isSet) return null;
		return note("pause", WAIT, pauseText(words, failure), retry && !isSet ? [retry] : []);
	}
	if (phase !== "failed") return null;
	const sentence = words(failure ?? "broken");
	if (isOfFiles(reply)) return note("failure", ALERT, sentence, [advice]);
	// Nothing changes before tomorrow.
	return retry && failure !== "capped"
		? note("failure", ALERT, sentence, [retry])
		: aside(icon(ALERT), sentence);
}

/** The text of a reply. */
interface ReplyText {
	readonly node: HTMLElement;
	/** `isComplete`: no more text follows. */
	render(text: string, isComplete: boolean): void;
	/** Other hosts are known. */
	renew?(): void;
}

/** As it is, with links. */
function createPlainText(): ReplyText {
	const node = el("div", { class: "plain", dir: "auto" });
	/** The streaming text is appended in place, so that a selection survives. */
	let growing: Text | null = null;
	return {
		node,
		render(text, isComplete) {
			if (isComplete) {
				growing = null;
				node.replaceChildren(...withLinks(text));
			} else if (growing && text.startsWith(growing.data)) {
				growing.appendData(text.slice(growing.length));
			} else {
				growing = document.createTextNode(text);
				node.replaceChildren(growing);
			}
		},
	};
}

function createReply(parts: MessageParts, { author, key }: Reply): MessageView {
	const { words, settings, events, retry: onRetry, goOn: onGoOn } = parts;
	const bubble = el("div", { class: "bubble" });
	let isKnown = knownHosts(null);
	const content: ReplyText = settings.plainText
		? createPlainText()
		: createMarkdown({ words, isKnown: (host) => isKnown(host) });
	const body = el("div", { class: "body" });
	const name = author?.name ?? settings.agentName;
	const title = name
		? [el("p", { class: "name", dir: "auto" }, name)]
		: [spoken(words("theySaid"))];
	const avatar = parts.createAvatar(name, author ? author.picture : settings.avatar, author);
	const node = el("div", { class: "row assistant" }, avatar, body);
	const actions = createActions(parts, bubble);
	const attached = createAttached(parts);
	const below = el("div", { class: "basis" });
	let basis: Reply["basis"] = null;
	let sources: Sources | null = null;
	let offer: Offer | null = null;
	/** The offer's part. */
	let isAsked = false;
	let shown: [Reply, boolean, boolean, boolean, unknown] | null = null;
	const retry = el("button", { class: "retry" }, icon(RETRY), words("tryAgain"));
	retry.addEventListener("click", onRetry);
	const goOn = el("button", { class: "retry" }, words("continue"));
	goOn.addEventListener("click", onGoOn);
	const advice = el("p", { role: "status" });

	function wait(): void {
		// Replacing the dots would restart their animation.
		if (!bubble.querySelector(".dots")) bubble.replaceChildren(dots(words, writerOf(settings)));
	}

	function show(text: string, isComplete: boolean): void {
		content.render(sources ? sources.mark(text) : text, isComplete);
		sources?.place(content.node);
		setChildren(bubble, [content.node]);
	}
	content.node.addEventListener("grow", () => sources?.place(content.node));

	/** The numbers in the text, and the list below it. */
	function showBasis(now: Reply["basis"]): void {
		if (now === basis) return;
		basis = now;
		isKnown = knownHosts(now);
		content.renew?.();
		sources = now && createSources(words, now);
		below.replaceChildren(...(sources?.nodes ?? []));
	}

	/** Until its part is there, the text says the same in words. */
	function showOffer({ id, basis: now }: Reply, draw: () => void): void {
		if (isAsked || !id || !now?.structure) return;
		isAsked = true;
		void parts.usePart?.("offer", parts, ({ createOffer }) => {
			offer = createOffer(words, now.structure, id, events.answer, events.decide);
			draw();
			node.dispatchEvent(new CustomEvent("grow", { bubbles: true }));
		});
	}

	function render(
		message: Reply,
		isLast: boolean,
		isDown: boolean,
		isAnswered: boolean,
		step: unknown,
	): void {
		const { phase } = message;
		offer?.render(isAnswered, step);
		const isUnanswered = phase === "filtered" && message.text === UNANSWERED;
		const said = isUnanswered ? words("unanswered") : (offer?.lead ?? message.text);
		// A model that has said nothing else has the words of the card.
		const text = offer && said === Object(step).text ? "" : said;
		node.dataset.phase = phase;
		const own = (button: HTMLElement) => (isLast ? button : null);
		const remark = remarkOn(words, message, own(retry), own(goOn), advice, isDown);
		if (isOfFiles(message) && !advice.firstChild)
			void parts.usePart?.("files", parts, ({ showAdvice }) =>
				showAdvice(parts, `${message.failure}`, advice),
			);
		const isAwaited = phase === "waiting" || (phase === "paused" && !text && !remark);
		// Without a connection nobody seems to write.
		const waits = isAwaited && !isDown;
		node.hidden = isAwaited && isDown;
		showBasis(message.basis);
		if (waits) wait();
		else show(text, !isLive(message));
		actions.render(message);
		const files = attached.render(message.basis?.files);
		// The welcome message is no reply.
		const isDone = (message.text || files[0]) && !isLive(message) && key !== "welcome";
		setChildren(body, [
			...title,
			...(text || waits ? [bubble] : []),
			...(offer ? [offer.node] : []),
			...files,
			...(below.firstChild ? [below] : []),
			...(remark ? [remark] : []),
			...(isDone ? [actions.node] : []),
		]);
	}

	return {
		node,
		render(message, isLast, isDown, isAnswered, step) {
			if (message.role !== "assistant") return;
			shown = [message, isLast, isDown, isAnswered, step];
			render(...shown);
			showOffer(message, () => shown && render(...shown));
		},
	};
}

export function createMessage(parts: MessageParts, message: Message): MessageView {
	return message.role === "user" ? createQuestion(parts, message) : createReply(parts, message);
}
