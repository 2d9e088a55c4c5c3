// The form of a widget with its preview: beside it on wide screens, else as a tab.

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { useCommands } from "../shell/shortcuts";
import { t as common } from "../text/common";
import { Segments } from "../ui/field";
import { FormBar } from "../ui/form-bar";
import type { Form } from "../ui/use-form";
import { bind } from "./bind";
import type { WidgetValue } from "./form-value";
import { Preview } from "./preview/preview";
import { Basics } from "./sections/basics";
import { Contact } from "./sections/contact";
import { Conversation } from "./sections/conversation";
import { Entry } from "./sections/entry";
import { Hours } from "./sections/hours";
import { Limits } from "./sections/limits";
import { Looks } from "./sections/looks";
import { Texts } from "./sections/texts";
import { t } from "./texts";

interface EditorProps {
	readonly form: Form<WidgetValue>;
	readonly today: number | null;
	/** Settles with whether the widget was saved. */
	readonly onSave: () => Promise<boolean>;
	readonly action?: string;
	readonly isNew?: boolean;
	/** Above the form. */
	readonly before?: ComponentChildren;
	/** Below it. */
	readonly after?: ComponentChildren;
}

export function Editor({ form, today, onSave, action, isNew, before, after }: EditorProps) {
	const [tab, setTab] = useState<"form" | "preview">("form");
	const node = useRef<HTMLFormElement>(null);
	const fields = bind(form);

	useCommands([
		{
			id: "save-widget",
			text: action ?? common("save"),
			key: "mod+s",
			run() {
				if (form.isChanged || isNew) node.current?.requestSubmit();
			},
		},
	]);

	async function submit(event: Event) {
		event.preventDefault();
		const isSaved = await onSave();
		// After the errors have been rendered.
		if (!isSaved) requestAnimationFrame(() => requestAnimationFrame(showFirstError));
	}

	function showFirstError() {
		const wrong = node.current?.querySelector<HTMLElement>("[aria-invalid=true]");
		const folded = wrong?.closest("details");
		if (folded) folded.open = true;
		wrong?.focus();
	}

	return (
		<div class={`editor is-${tab}`}>
			<div class="editor-tabs">
				<Segments
					label={t("editorTabs")}
					value={tab}
					onValue={setTab}
					choices={[
						{ value: "form", text: t("tabForm") },
						{ value: "preview", text: t("preview") },
					]}
				/>
			</div>
			<div class="editor-form">
				{before}
				{/* The server's rules apply, with its words; the browser's bubbles would hide in folded sections. */}
				<form class="sections" ref={node} onSubmit={submit} noValidate>
					<Basics fields={fields} />
					<Looks fields={fields} />
					<Entry fields={fields} />
					<Conversation fields={fields} />
					<Contact fields={fields} />
					<Hours fields={fields} />
					<Texts fields={fields} />
					<Limits fields={fields} today={today} />
					<FormBar form={form} {...(action && { action })} {...(isNew && { isNew })} />
				</form>
				{after}
			</div>
			<div class="editor-preview">
				<Preview value={form.value} />
			</div>
		</div>
	);
}
