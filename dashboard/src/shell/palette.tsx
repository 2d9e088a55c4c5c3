// The command palette (Ctrl-K): every command of the page and of the frame, the views of the inbox, contacts and
// conversations, found by a few letters; and the list of shortcuts (?).

import { useEffect, useState } from "preact/hooks";
import type { Contact, SearchResult } from "../../../workerd/api/openapi/openapi";
import { useDesk } from "../api/desk";
import { useLater } from "../hooks/use-later";
import { contactPath, conversationPath, follow } from "../paths";
import { t } from "../text/common";
import { widgetName } from "../text/widget-name";
import { Chooser } from "../ui/chooser";
import { Dialog } from "../ui/dialog";
import { visitorName } from "../ui/visitor-name";
import { useWidgets } from "./all-widgets";
import { useTags } from "./sayings";
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

/** The views that have a text here, and those of widgets and tags. */
const VIEWS = ["all", "waiting", "mine", "unassigned", "person", "snoozed", "resolved"] as const;

function useViews(): Command[] {
	const widgets = useWidgets().data ?? [];
	const tags = useTags().data ?? [];
	const view = (id: string, name: string): Command => ({
		id: `view ${id}`,
		text: `${t("inbox")}: ${name}`,
		run: () => follow(`/?view=${encodeURIComponent(id)}`),
	});
	return [
		...VIEWS.map((one) => view(one, t(`view_${one}`))),
		...widgets.map((one) => view(`widget:${one.id}`, widgetName(one))),
		...tags.map((one) => view(`tag:${one.id}`, one.name)),
	];
}

/** So many letters are worth a request. */
const LETTERS_MIN = 2;
const FOUND_MAX = 5;

/** Contacts and conversations that the server finds. */
function useFound(letters: string): Command[] {
	const { api } = useDesk();
	const search = useLater(letters);
	const [found, setFound] = useState<readonly Command[]>([]);
	useEffect(() => {
		setFound([]);
		if (search.length < LETTERS_MIN) return;
		const abort = new AbortController();
		const { signal } = abort;
		const add = (more: readonly Command[]) =>
			!signal.aborted && setFound((before) => [...before, ...more]);
		const query = { q: search, limit: FOUND_MAX };
		// Without an answer, the commands are still there.
		api.get("/v1/admin/contacts", { query, signal }).then(
			({ contacts }) => add(contacts.map(contactCommand)),
			() => {},
		);
		api.get("/v1/admin/search", { query: { ...query, limit: 4 * FOUND_MAX }, signal }).then(
			({ results }) => add(conversationCommands(results)),
			() => {},
		);
		return () => abort.abort();
	}, [search]);
	return search === letters ? [...found] : [];
}

const contactCommand = ({ id, name, email, phone }: Contact): Command => ({
	id: `contact ${id}`,
	text: `${t("contacts")}: ${[name, email, phone].filter(Boolean).join(" · ")}`,
	run: () => follow(contactPath(id)),
});

/** Each conversation once, at its best message. */
function conversationCommands(results: readonly SearchResult[]): Command[] {
	const commands = new Map<string, Command>();
	for (const { kind, id, conversationId, visitor, snippet } of results) {
		if (conversationId === null || visitor === null || commands.has(conversationId)) continue;
		const text = snippet.map((part) => part.text).join("");
		commands.set(conversationId, {
			id: `conversation ${conversationId}`,
			text: `${visitorName(visitor)}: ${text}`,
			run: () => follow(conversationPath(conversationId, kind === "message" ? id : undefined)),
		});
	}
	return [...commands.values()].slice(0, FOUND_MAX);
}

export function Palette({ onClose }: PaletteProps) {
	const [letters, setLetters] = useState("");
	const [commands] = useState(() => allCommands().filter((one) => !one.isHidden));
	const views = useViews();
	const found = useFound(letters.trim());

	return (
		<Dialog title={t("commands")} onClose={onClose}>
			<Chooser
				label={t("commandsHint")}
				listLabel={t("commands")}
				letters={letters}
				onLetters={setLetters}
				choices={[...[...commands, ...views].filter((one) => isMatch(one.text, letters)), ...found]}
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
