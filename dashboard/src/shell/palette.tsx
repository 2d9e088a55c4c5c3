// The command palette (Ctrl-K): every command of the page and of the frame, found by a few letters; and the list of
// shortcuts (?).

import { useState } from "preact/hooks";
import { t } from "../text/common";
import { Chooser } from "../ui/chooser";
import { Dialog } from "../ui/dialog";
import { allCommands, keysOf } from "./shortcuts";

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
	const [letters, setLetters] = useState("");
	const [commands] = useState(() => allCommands().filter((one) => !one.isHidden));

	return (
		<Dialog title={t("commands")} onClose={onClose}>
			<Chooser
				label={t("commandsHint")}
				listLabel={t("commands")}
				letters={letters}
				onLetters={setLetters}
				choices={commands.filter((one) => isMatch(one.text, letters))}
				keyOf={({ id }) => id}
				onPick={(command) => {
					onClose();
					command.run();
				}}
				none={t("commandsNone")}
			>
				{({ text, key }) => (
					<>
						<span class="choice-text">{text}</span>
						{key && <KeyName name={key} />}
					</>
				)}
			</Chooser>
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
