// The command palette (Ctrl-K): every command of the page and of the frame, found by a few letters; and the list of
// shortcuts (?).

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { t } from "../text/common";
import { Dialog } from "../ui/dialog";
import { allCommands, type Command, keysOf } from "./shortcuts";

interface PaletteProps {
	readonly onClose: () => void;
}

/** Whether the letters occur in this order. */
export function isMatch(text: string, letters: string): boolean {
	let at = 0;
	const low = text.toLowerCase();
	for (const letter of letters.toLowerCase().replace(/\s+/g, "")) {
		at = low.indexOf(letter, at) + 1;
		if (at === 0) return false;
	}
	return true;
}

export function Palette({ onClose }: PaletteProps) {
	const id = useId();
	const [letters, setLetters] = useState("");
	const [at, setAt] = useState(0);
	const list = useRef<HTMLDivElement>(null);
	const [commands] = useState(() => allCommands().filter((one) => !one.isHidden));
	const found = commands.filter((one) => isMatch(one.text, letters));
	const chosen = Math.min(at, found.length - 1);

	useEffect(() => {
		list.current?.children[chosen]?.scrollIntoView({ block: "nearest" });
	}, [chosen]);

	function run(command: Command) {
		onClose();
		command.run();
	}

	function onKeyDown(event: KeyboardEvent) {
		if (event.isComposing) return;
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step !== undefined && found.length > 0) {
			event.preventDefault();
			setAt((chosen + step + found.length) % found.length);
		}
		const command = found[chosen];
		if (event.key === "Enter" && command) {
			event.preventDefault();
			run(command);
		}
	}

	return (
		<Dialog title={t("commands")} onClose={onClose}>
			<input
				class="input"
				type="text"
				autofocus
				placeholder={t("commandsHint")}
				aria-label={t("commandsHint")}
				list={undefined}
				// biome-ignore lint/a11y/noRedundantRoles: only a field with a datalist is a combobox
				role="combobox"
				aria-expanded="true"
				aria-controls={id}
				aria-activedescendant={found.length > 0 ? `${id}-${chosen}` : undefined}
				value={letters}
				onInput={(event) => {
					setLetters(event.currentTarget.value);
					setAt(0);
				}}
				onKeyDown={onKeyDown}
			/>
			<div class="palette" id={id} ref={list} role="listbox" aria-label={t("commands")}>
				{found.map((command, i) => (
					// biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys
					<div
						class="palette-item"
						id={`${id}-${i}`}
						key={command.id}
						role="option"
						aria-selected={i === chosen}
						tabIndex={-1}
						onMouseMove={() => setAt(i)}
						onClick={() => run(command)}
					>
						<span>{command.text}</span>
						{command.key && <KeyName name={command.key} />}
					</div>
				))}
			</div>
			{found.length === 0 && <p class="quiet palette-none">{t("commandsNone")}</p>}
		</Dialog>
	);
}

export function ShortcutHelp({ onClose }: PaletteProps) {
	const [commands] = useState(() => allCommands().filter((one) => one.key));
	return (
		<Dialog title={t("shortcuts")} onClose={onClose}>
			<dl class="shortcuts">
				{commands.map((command) => (
					<div key={command.id}>
						<dt>
							<KeyName name={command.key ?? ""} />
						</dt>
						<dd>{command.text}</dd>
					</div>
				))}
			</dl>
		</Dialog>
	);
}

function KeyName({ name }: { readonly name: string }) {
	return (
		<kbd class="keys">
			{keysOf(name).map((key) => (
				<kbd key={key}>{key}</kbd>
			))}
		</kbd>
	);
}
