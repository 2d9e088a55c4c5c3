// Copies a text and says so.

import { useState } from "preact/hooks";
import { t } from "../text/common";
import { Button } from "./button";

interface CopyButtonProps {
	readonly text: string;
	readonly label?: string;
}

export function CopyButton({ text, label = t("copy") }: CopyButtonProps) {
	const [said, setSaid] = useState("");
	// The clipboard is available only over HTTPS and on localhost.
	if (!navigator.clipboard) return null;

	async function copy() {
		try {
			await navigator.clipboard.writeText(text);
			setSaid(t("copied"));
		} catch {
			setSaid(t("copyFailed"));
		}
	}

	return (
		<Button icon="copy" isSmall onClick={copy}>
			<span aria-live="polite">{said || label}</span>
		</Button>
	);
}
