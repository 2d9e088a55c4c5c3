// Asks a visitor who waits for a person while nobody is there for an e-mail address, below the last message.

import { el } from "../../dom";
import type { State } from "../chat/state";
import type { Words } from "../words";
import type { Details } from "./contact";

export interface EmailField {
	readonly node: HTMLElement;
	render(state: State): void;
}

export function createEmailField(words: Words, introduce: (details: Details) => void): EmailField {
	const input = el("input", {
		type: "email",
		name: "email",
		autocomplete: "email",
		maxlength: "254",
		"aria-describedby": "email-problem",
	});
	const save = el("button", {}, words("saveContact"));
	const problem = el("p", { id: "email-problem", role: "alert" });
	const label = el("label", {}, words("answerByEmail"), input);
	const node = el("div", { class: "email" }, label, save, problem);
	let isBusy = false;

	function blame(text: string): void {
		problem.textContent = text;
		input.setAttribute("aria-invalid", String(text !== ""));
		node.dispatchEvent(new CustomEvent("grow", { bubbles: true }));
	}

	function submit(): void {
		const email = input.value.trim();
		if (isBusy) return;
		if (email && !input.validity.typeMismatch) introduce({ email });
		else {
			blame(words("emailForm"));
			input.focus();
		}
	}

	save.addEventListener("click", submit);
	input.addEventListener("keydown", (event) => {
		if (event.key === "Enter" && !event.isComposing) submit();
	});

	return {
		node,
		render({ contact: { phase, problem, wrong } }) {
			isBusy = phase === "sending";
			// Not `disabled`, which would lose the focus.
			save.setAttribute("aria-disabled", String(isBusy));
			if (isBusy || phase === "asked")
				blame(wrong.includes("email") ? words("emailForm") : problem);
		},
	};
}
