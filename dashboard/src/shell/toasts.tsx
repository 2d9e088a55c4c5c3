// Short messages at the edge of the window: what was done, with a way back, or why it failed.

import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../api/errors";
import { t } from "../text/common";
import { describe } from "../text/describe";
import { IconButton } from "../ui/button";

interface Toast {
	readonly text: string;
	readonly isBad?: boolean;
	/** Such as "Undo". */
	readonly action?: { readonly text: string; readonly run: () => void };
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

/** Once, in the frame. */
export function Toasts() {
	const [toasts, setToasts] = useState<readonly Shown[]>([]);
	useEffect(() => {
		show = (next) => setToasts((before) => [...before, next].slice(-MAX));
		return () => {
			show = () => {};
		};
	}, []);
	const drop = (id: number) => setToasts((before) => before.filter((one) => one.id !== id));
	return (
		<div class="toasts" role="status">
			{toasts.map((one) => (
				<ToastLine key={one.id} toast={one} drop={() => drop(one.id)} />
			))}
		</div>
	);
}

interface ToastLineProps {
	readonly toast: Shown;
	readonly drop: () => void;
}

function ToastLine({ toast: { text, isBad, action }, drop }: ToastLineProps) {
	useEffect(() => {
		const timer = setTimeout(drop, isBad ? BAD_MS : SHOWN_MS);
		return () => clearTimeout(timer);
	}, []);
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
