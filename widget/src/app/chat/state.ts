// The widget's state and the only functions that change it. State is immutable: an unchanged object
// needs no rendering.

import type { Attached } from "../../files/uploads";
import type { FailureKind } from "../net/failure";

export type Phase =
	| "waiting"
	| "streaming"
	/** The connection is lost; reconnecting. */
	| "paused"
	| "done"
	/** Stopped by the visitor. */
	| "stopped"
	/** Cut because it is too long. */
	| "cut"
	/** Refused or cut by a content filter. */
	| "filtered"
	| "failed";

/** How a reply that is final has ended. */
export type Ending = "done" | "stopped" | "cut" | "filtered";

export interface Question {
	readonly role: "user";
	/** Identifies the message on this page. */
	readonly key: string;
	readonly text: string;
	/** When the server stored it, in ms since 1970; null: not yet known. */
	readonly at: number | null;
	/** It waits for the connection, or for the reply before it. */
	readonly isQueued: boolean;
	/** The offer that it takes (Answer) or its files (Attaching); not checked. */
	readonly answer?: unknown;
}

/** Of the message with this id, the visitor has chosen a button, or filled in the form. */
export interface Answer {
	readonly type: "answer";
	readonly message: string;
	readonly button?: string;
	readonly values?: Readonly<Record<string, string>>;
}

/** The message has these files. */
export interface Attaching {
	readonly type: "message";
	readonly files: readonly Attached[];
}

/** Of a message: it asks for a person, it is an answer, or it has files. */
export type Wish = boolean | Answer | Attaching;

/** The ids of the files of a message that has some. */
export function fileIds(wish: unknown): readonly string[] | undefined {
	return Object(wish).files?.map(({ id }: Attached) => id);
}

/** What a message says, for comparisons: its text and its files. */
export function saidIn(message?: Message): string {
	const { text, answer }: Partial<Question> = Object(message);
	return `${text} ${fileIds(answer)}`;
}

/** A person who answers in place of the model. */
export interface Person {
	readonly name: string;
	/** The address of a picture, or "". */
	readonly picture: string;
}

/** What a visitor thinks of a reply. */
export type Rating = "up" | "down";

/** Of the model, or of a person. */
export interface Reply {
	readonly role: "assistant";
	readonly key: string;
	/** The server's id; null until known. */
	readonly id: string | null;
	readonly text: string;
	readonly phase: Phase;
	/** Why, in the phases "paused" and "failed". */
	readonly failure: FailureKind | null;
	/** As of a question. */
	readonly at: number | null;
	/** null: the model. */
	readonly author: Person | null;
	readonly rating: Rating | null;
	/** What it is based on (ui/sources.ts), what it offers (ui/offer.ts) and its files (ui/files.ts), as the server says; null: nothing to show. */
	readonly basis: Basis | null;
}

/** Not checked. */
export interface Basis {
	readonly sources: unknown;
	readonly general: unknown;
	/** `{ waits: true }`: the reply ends with something that waits for a decision. */
	readonly structure?: unknown;
	readonly files?: unknown;
}

/** What the visitor has decided about something that the assistant is to do. */
export interface Decision {
	readonly type: "decide";
	readonly id: unknown;
	/** Of what was shown. */
	readonly hash: unknown;
	readonly decision: "yes" | "no";
}

export type Message = Question | Reply;

export interface State {
	readonly open: boolean;
	/** How many replies ended while the panel was closed. */
	readonly unread: number;
	/** The visitor has asked to stop the running reply. */
	readonly stopping: boolean;
	/** The first one is the welcome message, to be shown only if there is no `older` message. */
	readonly messages: readonly Message[];
	/** The state of the contact form. */
	readonly contact: Contact;
	/** Whether the server has messages before messages[1]. */
	readonly older: "none" | "some" | "loading";
	/** Whether the server can be reached. */
	readonly line: Line;
	readonly people: People;
	/** How many replies have ended; counted in all tabs together. */
	readonly ended: number;
	/** What waits, or has waited, for a decision, as the server says (ui/step.ts). Not checked; missing: not asked for. */
	readonly steps?: unknown;
	/** The ids of those that the visitor has decided about and the server has not answered. */
	readonly deciding?: readonly unknown[];
	/** The token of the visitor, once the server has named it: the tabs may have no storage in common. */
	readonly visitor: string | null;
}

/** "offline": the browser says so; "lost": connecting again; "gone": the widget is not available here. */
export type Line = "up" | "lost" | "offline" | "gone";

/** Who answers. */
export interface People {
	/** "waiting": for a person. */
	readonly phase: "model" | "waiting" | "person";
	/** The person who answers or answered last; null: none yet. */
	readonly person: Person | null;
	readonly isTyping: boolean;
	/** Nobody is there to answer; known once the server was asked. */
	readonly isAway?: boolean;
	/** The visitor is asked for an e-mail address in the list of messages; `contact` is of that then. */
	readonly asksEmail?: boolean;
}

export interface Contact {
	readonly phase: "hidden" | "asked" | "sending" | "saved";
	/** Why the details were not saved; of those that this page has saved, the e-mail. Else "". */
	readonly problem: string;
	/** The names of the invalid fields, as the server says. */
	readonly wrong: readonly string[];
}

/** The longest message that the API accepts, in UTF-16 code units. */
export const MAX_MESSAGE = 4000;

export function newReply(key: string, id: string | null = null): Reply {
	return {
		role: "assistant",
		key,
		id,
		text: "",
		phase: "waiting",
		failure: null,
		at: null,
		author: null,
		rating: null,
		basis: null,
	};
}

/** The key of the reply to a message. */
export function replyKey(questionKey: string): string {
	return `${questionKey}/reply`;
}

export function initialState(welcome: string, open: boolean, unread = 0): State {
	const greeting: Reply = { ...newReply("welcome"), text: welcome, phase: "done" };
	return {
		open,
		unread: open ? 0 : unread,
		stopping: false,
		messages: [greeting],
		contact: { phase: "hidden", problem: "", wrong: [] },
		older: "none",
		line: "up",
		people: { phase: "model", person: null, isTyping: false },
		ended: 0,
		visitor: null,
	};
}

export function isLive(message: Message): message is Reply {
	return message.role === "assistant" && /waiting|streaming|paused/.test(message.phase);
}

/** Whether the reply is final. */
export function hasEnded({ phase }: Reply): boolean {
	return /done|stopped|cut|filtered/.test(phase);
}

/** Whether a reply is awaited that the visitor can stop: the server has its message. */
export function isReplying({ messages }: State): boolean {
	return messages.some((one, i) => isLive(one) && !(messages[i - 1] as Question)?.isQueued);
}

/** The index of the reply with the server's id; -1: none. */
export function replyAt(messages: readonly Message[], id: string | null): number {
	return messages.findIndex((one) => one.role === "assistant" && one.id === id && id !== null);
}

export function replyOf(state: State, key: string): Reply | null {
	const found = state.messages.find((message) => message.key === key);
	return found?.role === "assistant" ? found : null;
}

/** The index of the first message that waits for the replies before it, and has none yet; else the length. */
export function tailOf(messages: readonly Message[]): number {
	let at = messages.length;
	for (let one = messages[at - 1]; one?.role === "user" && one.isQueued; one = messages[at - 1])
		at--;
	return at;
}

/** The newest reply and its message, if it failed. */
export function lastFailed({ messages }: State): { question: Question; reply: Reply } | null {
	const [question, reply] = messages.slice(0, tailOf(messages)).slice(-2);
	if (question?.role !== "user" || reply?.role !== "assistant") return null;
	return reply.phase === "failed" ? { question, reply } : null;
}

/** A reply that runs, with the text that has come. */
export function running(text: string): Partial<Reply> {
	return { text, phase: text === "" ? "waiting" : "streaming", failure: null };
}

/** Changes the message with this key. */
function withMessage(state: State, key: string, change: object): State {
	const messages = state.messages.map((one) => (one.key === key ? { ...one, ...change } : one));
	return { ...state, messages };
}

/** Changes the reply with this key, if there is one. */
export function withReply(
	state: State,
	key: string,
	change: Partial<Reply> | ((reply: Reply) => Partial<Reply>),
): State {
	const reply = replyOf(state, key);
	if (!reply) return state;
	return withMessage(state, key, typeof change === "function" ? change(reply) : change);
}

/** So many more replies have ended. */
export function count(state: State, more = 1): State {
	return { ...state, ended: state.ended + more, unread: state.open ? 0 : state.unread + more };
}

function settle(state: State, key: string, change: Parameters<typeof withReply>[2]): State {
	const next = withReply(state, key, change);
	if (next === state) return state;
	return count({ ...next, stopping: false });
}

export function setOpen(state: State, open: boolean): State {
	return { ...state, open, unread: open ? 0 : state.unread };
}

/** Inserts messages before those that wait. */
export function insert(state: State, ...added: Message[]): State {
	const { messages } = state;
	const at = tailOf(messages);
	return { ...state, messages: [...messages.slice(0, at), ...added, ...messages.slice(at)] };
}

/** A message from elsewhere, whose reply follows. */
export function ask(state: State, question: Question): State {
	return insert(state, question, newReply(replyKey(question.key)));
}

/** A whole message of a person. */
export function hearPerson(state: State, message: Reply): State {
	return count(insert(state, message));
}

/** What is sent. */
interface Unsent {
	readonly clientMessageId: string;
	readonly text: string;
	readonly asksPerson?: Wish | undefined;
}

/** A message of this visitor that is not sent yet. */
export function questionOf({ clientMessageId: key, text, asksPerson: answer }: Unsent): Question {
	return { role: "user", key, text, at: null, isQueued: true, answer };
}

export function enqueue(state: State, unsent: Unsent): State {
	const question = questionOf(unsent);
	if (state.messages.some(({ key }) => key === question.key)) return state;
	return { ...state, messages: [...state.messages, question] };
}

/** The reply to a message that waits is awaited from now on. */
export function raise(state: State, key: string): State {
	const at = state.messages.findIndex((message) => message.key === key);
	if (at === -1 || replyOf(state, replyKey(key))) return state;
	const messages = state.messages.flatMap((one, i) =>
		i === at ? [one, newReply(replyKey(key))] : one,
	);
	return { ...state, messages };
}

/** It has been sent, or is known to be stored since `at`. */
export function setSent(state: State, key: string, at: number | null = null): State {
	return withMessage(state, key, at === null ? { isQueued: false } : { isQueued: false, at });
}

/** The server has not accepted it: it waits again. */
export function setUnsent(state: State, key: string): State {
	return withMessage(state, key, { isQueued: true });
}

export function setRating(state: State, id: string, rating: Rating | null): State {
	const reply = state.messages.find((one) => one.role === "assistant" && one.id === id);
	return reply ? withMessage(state, reply.key, { rating }) : state;
}

/** Removes a second copy of this reply and its message. */
function withoutTwin(state: State, key: string, id: string): State {
	const { messages } = state;
	const isTwin = (one: Message) => one.role === "assistant" && one.id === id && one.key !== key;
	const at = messages.findIndex(isTwin);
	const from = messages[at - 1]?.role === "user" ? at - 1 : at;
	return at < 0 ? state : { ...state, messages: messages.filter((_, i) => i < from || i > at) };
}

/** The reply continues after its first `position` characters. */
export function start(state: State, key: string, id: string | null, position: number): State {
	const alone = id === null ? state : withoutTwin(state, key, id);
	return withReply(alone, key, (reply) => {
		return { ...running(reply.text.slice(0, position)), id };
	});
}

export function addToken(state: State, key: string, token: string): State {
	return withReply(state, key, ({ text }) => running(text + token));
}

/** `text`: the stored reply; if empty, the streamed text stays. `id`: if known. */
export function finish(
	state: State,
	key: string,
	text: string,
	phase: Ending,
	id: string | null = null,
	more: Partial<Reply> = {},
): State {
	return settle(state, key, (reply) => ({
		...more,
		id: id ?? reply.id,
		text: text || reply.text,
		phase,
		failure: null,
	}));
}

/** Keeps the partial text, which the visitor has read. */
export function fail(state: State, key: string, failure: FailureKind): State {
	return settle(state, key, { phase: "failed", failure });
}

export function setContact(
	state: State,
	phase: Contact["phase"],
	problem = "",
	wrong: readonly string[] = [],
): State {
	return { ...state, contact: { phase, problem, wrong } };
}

/** What is new in `change`, unless nothing is. */
export function patch(state: State, change: Partial<State>): State {
	const isNew = Object.entries(change).some(([name, value]) => Reflect.get(state, name) !== value);
	return isNew ? { ...state, ...change } : state;
}

/** Removes a reply, or a message and its reply, that does not exist on the server. */
export function forget(state: State, key: string): State {
	const gone = [key, replyKey(key)];
	const messages = state.messages.filter((message) => !gone.includes(message.key));
	return { ...state, messages, stopping: false };
}
