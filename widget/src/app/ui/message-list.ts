// The list of messages, in the frame of log.ts.

import { el, setChildren } from "../../dom";
import {
	type Answer,
	type Decision,
	type Message,
	type Person,
	type State,
	tailOf,
	type Wish,
} from "../chat/state";
import { createClock } from "./clock";
import type { Details } from "./contact";
import { createEmailField } from "./email-field";
import type { LogParts } from "./log";
import { createMessage, dots, type MessageParts, type MessageView } from "./message";
import { peopleText } from "./people";
import { createScroll } from "./scroll";
import { type Item, type Line, timelineOf } from "./timeline";

export interface MessageList {
	render(state: State): void;
}

export type ListEvents = Omit<MessageParts["events"], "answer"> & {
	retry(): void;
	introduce(details: Details): void;
	send(text: string, wish?: Wish): boolean;
	loadOlder(): void;
	filesUrl(): string;
};

export type ListParts = LogParts &
	Pick<MessageParts, "createAvatar" | "usePart"> & { readonly events: ListEvents };

interface Shown {
	readonly node: HTMLElement;
	readonly view: MessageView | null;
	message: Message | null;
	state: string;
}

/** Who wrote it, for comparisons; undefined: nobody. */
function writerIn(item?: Item): string | undefined {
	const message = item?.message;
	return message?.role === "assistant" ? `by ${message.author?.name}` : message?.role;
}

/** How long one frame draws messages of the history. */
const SLICE_MS = 8;

/** Shown while a person types. */
function createTyping({ words, createAvatar }: ListParts, person: Person): HTMLElement {
	const { name, picture } = person;
	const bubble = el("div", { class: "bubble" }, dots(words, name));
	return el("div", { class: "row assistant" }, createAvatar(name, picture, person), bubble);
}

/**
 * What older loaders leave to the app; the browser's cache may have one. Events from a shadow tree appear to come from the
 * host element, which is not a text field: the page's keyboard shortcuts would fire while the visitor types.
 */
function helpLoader({ host, root, frame }: LogParts["shell"], signal: AbortSignal): void {
	host.toggleAttribute("data-inline", frame.matches(".inline"));
	for (const type of ["keydown", "keypress", "keyup"])
		root.addEventListener(type, (event) => event.stopPropagation(), { signal });
}

/** `greeting`: the welcome message, if it is on the page. */
export function createMessageList(
	parts: ListParts,
	frame: HTMLElement,
	list: HTMLElement,
	greeting: HTMLElement | null,
): MessageList {
	const { words, events, signal } = parts;
	const clock = createClock(parts.shell.language.code);
	const older = el("div", { class: "older", "aria-hidden": "true" });
	const lines: Line[] = [];
	const scroll = createScroll(words, list, moved, signal);
	let shown = new Map<string, Shown>();
	let state: State | null = null;
	let typing: HTMLElement | null = null;
	const email = createEmailField(words, (details) => events.introduce(details));
	/** The newest message at the list's end when the visitor saw it. */
	let seen = "";
	/** The oldest message when older ones were last asked for. */
	let asked = "";
	/** The last frame has drawn all. */
	let isComplete = true;
	/** Stays in place while messages are drawn above it. The same in all frames: positions are rounded to pixels. */
	let anchor: HTMLElement | undefined;
	/** The ids of the messages that the visitor has answered. */
	let answered = new Set<unknown>();
	/** What waits, or has waited, for a decision, by the ids of the replies that end with it. */
	let steps = new Map<unknown, unknown>();
	/** Several messages at once come from the history and appear without animation. */
	let isBulk = false;

	function retry(): void {
		// The focused button is about to disappear.
		list.focus({ preventScroll: true });
		events.retry();
		scroll.follow();
	}

	/** Sent like a message that the visitor has typed, and stored as one. */
	function goOn(): void {
		list.focus({ preventScroll: true });
		events.send(words("continue"));
		scroll.follow();
	}

	/** As goOn(). */
	function answer(wish: Answer, text: string): boolean {
		const isTaken = events.send(text, wish);
		if (isTaken) {
			list.focus({ preventScroll: true });
			scroll.follow();
		}
		return isTaken;
	}

	/** The focused button is about to disappear. */
	function decide(decision: Decision): void {
		list.focus({ preventScroll: true });
		events.decide?.(decision);
	}

	function create({ key, message, text }: Item): Shown {
		const view =
			greeting && key === "welcome"
				? { node: greeting, render: () => undefined }
				: message &&
					createMessage(
						{ ...parts, events: { ...events, answer, decide }, clock, retry, goOn },
						message,
					);
		return {
			node: view?.node ?? el("p", { class: "line" }, text),
			view,
			message: null,
			state: "",
		};
	}

	function update(entry: Shown, { message }: Item, isLast: boolean, isDown: boolean): void {
		const id = message?.role === "assistant" && message.id;
		const isAnswered = answered.has(id);
		const step = steps.get(id);
		const { state, isDecided } = Object(step);
		const now = `${isLast} ${isDown} ${isAnswered} ${state} ${isDecided}`;
		if (!message || (entry.message === message && entry.state === now)) return;
		entry.view?.render(message, isLast, isDown, isAnswered, step);
		entry.message = message;
		entry.state = now;
	}

	/** Draws the newest items first, at least a new one; those that do not fit into this frame follow in the next one. */
	function drawItems(
		items: readonly Item[],
		last: readonly string[],
		isDown: boolean,
	): HTMLElement[] {
		const end = performance.now() + SLICE_MS;
		isBulk = (isBulk && !isComplete) || items.filter(({ key }) => !shown.has(key)).length > 2;
		const drawn = new Map<string, Shown>();
		let added = 0;
		isComplete = true;
		let at = items.length;
		for (const item of [...items].reverse()) {
			at--;
			const known = shown.get(item.key);
			if (!known && added++ && performance.now() > end) {
				isComplete = false;
				continue;
			}
			const entry = known ?? create(item);
			if (isBulk && !known) entry.node.classList.add("still");
			// A name and a picture for all messages of a writer that follow each other.
			entry.node.classList.toggle(
				"more",
				!!item.message && writerIn(item) === writerIn(items[at - 1]),
			);
			update(entry, item, last.includes(item.key), isDown);
			drawn.set(item.key, entry);
		}
		shown = drawn;
		return [...drawn.values()].map((entry) => entry.node).reverse();
	}

	function showPeople(before: State, now: State): void {
		const { people } = now;
		const text = peopleText(words, before, now);
		// A person joins before the first message.
		const { messages } = people.phase === "person" ? before : now;
		const last = messages[messages.length - 1];
		if (text && last) lines.push({ after: last.key, text });
		const person = people.phase === "person" && people.isTyping && people.person;
		typing = person ? (typing ?? createTyping(parts, person)) : null;
	}

	function draw(now: State): void {
		const { messages } = now;
		const items = timelineOf(now, lines, clock);
		answered = new Set(
			messages.map((one) => (one.role === "user" ? Object(one.answer).message : "")),
		);
		const all: readonly unknown[] = Array.isArray(now.steps) ? now.steps : [];
		// The newest first, which stays.
		steps = new Map(
			[...all].reverse().map((one) => {
				const { messageId, id } = Object(one);
				return [messageId, { ...Object(one), isDecided: now.deciding?.includes(id) }];
			}),
		);
		const [before, newest] = messages.slice(0, tailOf(messages)).slice(-2);
		const last = [(newest ?? before)?.key ?? ""];
		// Nothing shows that the server has it.
		if (newest?.role === "assistant" && !newest.text && !newest.id && before) last.push(before.key);
		if (isComplete || !anchor?.isConnected) {
			const oldest = items.find(({ key, message }) => message && shown.has(key));
			anchor = oldest && shown.get(oldest.key)?.node;
		}
		scroll.keep(anchor, () => {
			const nodes = drawItems(items, last, now.line !== "up");
			setChildren(list, [
				...(now.older === "none" ? [] : [older]),
				...nodes,
				...(typing ? [typing] : []),
				...(now.people.asksEmail ? [email.node] : []),
			]);
		});
		email.render(now);
		older.classList.toggle("loading", now.older === "loading");
		list.setAttribute("aria-busy", String(now.older === "loading"));
		if (!isComplete) requestAnimationFrame(() => !signal.aborted && state && draw(state));
		else if (asked !== messages[1]?.key) loadOlder();
	}

	function loadOlder(): void {
		if (!state?.open || state.older !== "some" || !isComplete || !scroll.isNearStart()) return;
		asked = state.messages[1]?.key ?? "";
		events.loadOlder();
	}

	function countBelow(messages: readonly Message[]): void {
		if (scroll.isFollowing()) seen = messages[messages.length - 1]?.key ?? "";
		const at = messages.findIndex(({ key }) => key === seen);
		const below = at === -1 ? [] : messages.slice(at + 1);
		scroll.count(below.filter(({ role }) => role === "assistant").length);
	}

	function moved(): void {
		if (state) countBelow(state.messages);
		loadOlder();
	}

	if (parts.tray && Object(parts.shell.record.files).allow)
		void parts.usePart?.("attach", parts, ({ addAttaching }) => addAttaching(parts));
	helpLoader(parts.shell, signal);
	frame.append(scroll.jump);
	return {
		render(next) {
			const before = state ?? next;
			const newest = next.messages[next.messages.length - 1];
			const isOwn = next.messages
				.slice(-2)
				.some(({ role, key }) => role === "user" && !shown.has(key));
			state = next;
			if (isOwn && newest) scroll.follow();
			if (before.people !== next.people) showPeople(before, next);
			draw(next);
			countBelow(next.messages);
		},
	};
}
