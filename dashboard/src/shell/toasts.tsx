// Short messages at the edge of the window: what was done, with a way back, or why it failed.

import { render } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api/errors";
import { t } from "../text/common";
import { describe } from "../text/describe";
import { IconButton } from "../ui/button";
import { reachable, watchDialogs } from "../ui/dialogs";

interface Toast {
	readonly text: string;
	readonly isBad?: boolean;
	/** Such as "Undo". */
	readonly action?: { readonly text: string; readonly run: () => void };
	/** How long it stays, if not as long as others. */
	readonly forMs?: number;
}

interface Shown extends Toast {
	readonly id: number;
}

const SHOWN_MS = 6_000;
/** A failure stays longer: it may come when the user looks elsewhere. */
const BAD_MS = 12_000;
const MAX = 3;

let newest = 0;
let show: (toast: Shown) => void = () => {};

export function toast(toast: Toast): void {
	show({ ...toast, id: ++newest });
}

export function toastError(reason: unknown): void {
	toast({ text: describe(ApiError.from(reason)), isBad: true });
}

/**
 * The element of the messages, above all dialogs. The frame does not contain it, because it moves into the open dialog:
 * elements outside of a modal dialog cannot be clicked.
 */
function createHost(): { readonly host: HTMLElement; remove(): void } {
	const host = document.createElement("div");
	host.className = "toasts";
	host.role = "status";
	host.popover = "manual";
	const place = () => {
		reachable().append(host);
		// Browsers without popovers show it in its place.
		host.showPopover?.();
	};
	place();
	const unwatch = watchDialogs(place);
	return {
		host,
		remove() {
			unwatch();
			render(null, host);
			host.remove();
		},
	};
}

/** Once, in the frame. */
export function Toasts() {
	useEffect(() => {
		const { host, remove } = createHost();
		render(<ToastLines host={host} />, host);
		return remove;
	}, []);
	return null;
}

/** `host` goes with them. */
function ToastLines({ host }: { readonly host: HTMLElement }) {
	const [toasts, setToasts] = useState<readonly Shown[]>([]);
	const [isRead, setRead] = useState(false);
	/** What had the focus before one of the messages. */
	const before = useRef<HTMLElement | null>(null);
	const look = () => setRead(host.matches(":hover, :focus-within"));
	useLayoutEffect(() => {
		show = (next) => setToasts((all) => [...all, next].slice(-MAX));
		for (const type of ["mouseenter", "mouseleave", "focusin", "focusout"])
			host.addEventListener(type, look);
		host.addEventListener("focusin", ({ relatedTarget: from }) => {
			if (from instanceof HTMLElement && !host.contains(from)) before.current = from;
		});
		return () => {
			show = () => {};
		};
	}, []);
	// The one with the pointer or the focus may be gone, without an event.
	useLayoutEffect(look, [toasts]);
	const drop = (id: number) => {
		if (host.contains(document.activeElement)) before.current?.focus();
		setToasts((all) => all.filter((one) => one.id !== id));
	};
	return (
		<div class="toast-lines">
			{toasts.map((one) => (
				<ToastLine key={one.id} toast={one} isRead={isRead} drop={() => drop(one.id)} />
			))}
		</div>
	);
}

interface ToastLineProps {
	readonly toast: Shown;
	/** The user points at the messages, or has the focus there: they stay. */
	readonly isRead: boolean;
	readonly drop: () => void;
}

function ToastLine({ toast: { text, isBad, action, forMs }, isRead, drop }: ToastLineProps) {
	useLayoutEffect(() => {
		if (isRead) return;
		const timer = setTimeout(drop, forMs ?? (isBad ? BAD_MS : SHOWN_MS));
		return () => clearTimeout(timer);
	}, [isRead]);
	return (
		<div class={isBad ? "toast toast-bad" : "toast"}>
			<span>{text}</span>
			{action && (
				<button
					class="toast-action"
					type="button"
					onClick={() => {
						action.run();
						drop();
					}}
				>
					{action.text}
				</button>
			)}
			<IconButton name="close" label={t("close")} onClick={drop} />
		</div>
	);
}
