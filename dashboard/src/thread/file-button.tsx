// How files come to the reply: chosen; those that are pasted or dropped are the thread's.

import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "./texts";

export function FileButton({ onFiles }: { readonly onFiles: (files: readonly File[]) => void }) {
	const input = useRef<HTMLInputElement>(null);
	return (
		<>
			<input
				ref={input}
				type="file"
				multiple
				hidden
				onChange={({ currentTarget }) => {
					onFiles([...(currentTarget.files ?? [])]);
					// The same file may be chosen again.
					currentTarget.value = "";
				}}
			/>
			<button
				type="button"
				class="icon-button"
				aria-label={t("attach")}
				title={t("attach")}
				onClick={() => input.current?.click()}
			>
				<svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
					<path d="m15 9-6 6a3 3 0 0 1-5-5l7-7a2 2 0 0 1 4 4l-7 6a1 1 0 0 1-1-1l5-5" />
				</svg>
			</button>
		</>
	);
}

/** A node that is not Preact's. */
export function Placed({ node }: { readonly node: HTMLElement }) {
	const box = useRef<HTMLDivElement>(null);
	useLayoutEffect(() => box.current?.replaceChildren(node), [node]);
	return <div ref={box} />;
}
