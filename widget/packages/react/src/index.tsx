"use client";

// The widget as a component, and hooks for its state. Nothing here touches the page before an effect runs: a server
// renders the same as the browser's first pass.

import {
	type BanterContext,
	type BanterEvents,
	type BanterIdentity,
	Widget,
	type WidgetOptions,
} from "@banter/widget";
import {
	createContext,
	createElement,
	type HTMLAttributes,
	type ReactElement,
	type ReactNode,
	useContext,
	useEffect,
	useRef,
	useState,
	useSyncExternalStore,
} from "react";

/** A message of the visitor that was sent, or a reply that has ended, while the page was open. */
export interface BanterMessage {
	readonly role: "user" | "assistant";
	/** The reply's id; null: a message of the visitor, or the server has none. */
	readonly id: string | null;
	/** At most the first 4,000 characters. */
	readonly text: string;
	/** How the reply has ended. */
	readonly status: "done" | "stopped" | "cut";
}

interface State {
	readonly ready: boolean;
	readonly open: boolean;
	readonly unread: number;
	readonly messages: readonly BanterMessage[];
}

const INITIAL: State = { ready: false, open: false, unread: 0, messages: [] };
/** The messages that are kept. */
const MESSAGES_MAX = 200;

/** A widget with what its events say about it. */
class Chat {
	readonly widget: Widget;
	#state = INITIAL;
	readonly #listeners = new Set<() => void>();

	constructor(options: WidgetOptions) {
		this.widget = new Widget(options);
	}

	readonly subscribe = (listener: () => void): (() => void) => {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	};

	readonly state = (): State => this.#state;

	#change(change: Partial<State>): void {
		this.#state = { ...this.#state, ...change };
		for (const listener of this.#listeners) listener();
	}

	#add(message: BanterMessage): void {
		this.#change({ messages: [...this.#state.messages, message].slice(-MESSAGES_MAX) });
	}

	/** Shows the widget; returns the function that removes it. */
	start(): () => void {
		const { widget } = this;
		const ends = [
			widget.on("ready", () => this.#change({ ready: true })),
			widget.on("opened", () => this.#change({ open: true })),
			widget.on("closed", () => this.#change({ open: false })),
			widget.on("unread", ({ count }) => this.#change({ unread: count })),
			widget.on("message", ({ text }) =>
				this.#add({ role: "user", id: null, text, status: "done" }),
			),
			widget.on("reply", ({ id, text, status }) =>
				this.#add({ role: "assistant", id, text, status }),
			),
		];
		widget.start();
		return () => {
			for (const end of ends) end();
			widget.stop();
		};
	}
}

const Nearest = createContext<Chat | null>(null);

function useChat(): Chat {
	const chat = useContext(Nearest);
	if (!chat) throw new Error("This hook is for components within <Banter>.");
	return chat;
}

function useChatState<T>(choose: (state: State) => T): T {
	const chat = useChat();
	return useSyncExternalStore(
		chat.subscribe,
		() => choose(chat.state()),
		() => choose(INITIAL),
	);
}

/** The methods of the widget; calls wait until it is there. */
export function useBanter(): Widget {
	return useChat().widget;
}

/** The number of unread replies. */
export function useUnread(): number {
	return useChatState((state) => state.unread);
}

/** Whether the chat is open, and the function that opens and closes it. */
export function useOpen(): [isOpen: boolean, setOpen: (isOpen: boolean) => void] {
	const { widget } = useChat();
	const [setOpen] = useState(() => (isOpen: boolean) => {
		if (isOpen) widget.open();
		else widget.close();
	});
	return [useChatState((state) => state.open), setOpen];
}

/** Whether the widget is on the page. */
export function useReady(): boolean {
	return useChatState((state) => state.ready);
}

/** The messages since the page was loaded, at most the last 200, oldest first. */
export function useMessages(): readonly BanterMessage[] {
	return useChatState((state) => state.messages);
}

/** Calls `listener` for each event of the widget; it may be another function at every render. */
export function useBanterEvent<K extends keyof BanterEvents>(
	event: K,
	listener: (detail: BanterEvents[K]) => void,
): void {
	const { widget } = useChat();
	const last = useRef(listener);
	useEffect(() => {
		last.current = listener;
	});
	useEffect(() => widget.on(event, (detail) => last.current(detail)), [widget, event]);
}

export interface BanterProps {
	/** The address of the banter server: `https://chat.example.com`. */
	server: string;
	/** The widget's id: `wid_…`. */
	widget: string;
	/** The nonce of the page's Content-Security-Policy. */
	nonce?: string | undefined;
	/** Settings of the tag: `locale`, `starters`, `teaserText` … Changes have an effect after the next mount. */
	settings?: Omit<WidgetOptions, "server" | "widget" | "nonce"> | undefined;
	/** Who the visitor is. */
	identity?: BanterIdentity | undefined;
	/** What the page knows that the agent and the operators should know, too. */
	context?: BanterContext | undefined;
	/** The components whose hooks are about this widget. */
	children?: ReactNode;
}

/** Shows a widget while it is mounted. */
export function Banter({ server, widget: id, ...props }: BanterProps): ReactElement {
	// Another widget is another component, with a state of its own.
	return createElement(Shown, { key: `${server} ${id}`, server, widget: id, ...props });
}

function Shown({
	server,
	widget: id,
	nonce,
	settings,
	identity,
	context,
	children,
}: BanterProps): ReactElement {
	const [chat] = useState(
		() => new Chat({ ...settings, server, widget: id, ...(nonce !== undefined && { nonce }) }),
	);
	useEffect(() => chat.start(), [chat]);
	useCall(identity, (value) => chat.widget.identify(value));
	useCall(context, (value) => chat.widget.context(value));
	return createElement(Nearest.Provider, { value: chat }, children);
}

/** Calls `set` for a value that has changed, not for another object with the same content; without a value, with {}. */
function useCall<T extends object>(value: T | undefined, set: (value: T) => void): void {
	const text = value && JSON.stringify(value);
	const isSet = useRef(false);
	useEffect(() => {
		if (text === undefined && !isSet.current) return;
		isSet.current = text !== undefined;
		set(JSON.parse(text ?? "{}"));
	}, [text]);
}

/** The chat in an element of the page, open and without its button, while it is mounted. */
export function BanterChat(props: HTMLAttributes<HTMLDivElement>): ReactElement {
	const { widget } = useChat();
	const ref = useRef<HTMLDivElement>(null);
	useEffect(() => {
		const element = ref.current;
		if (!element) return;
		widget.mount(element);
		return () => widget.unmount(element);
	}, [widget]);
	return createElement("div", { ...props, ref });
}
