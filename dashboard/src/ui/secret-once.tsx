// A secret that the server shows only now: to copy, before the dialog closes.

import { t } from "../text/common";
import { Button } from "./button";
import { CopyButton } from "./copy-button";
import { Dialog } from "./dialog";
import { TextField } from "./field";

interface SecretOnceProps {
	readonly title: string;
	readonly label: string;
	readonly secret: string;
	/** What it is for. */
	readonly text: string;
	readonly onClose: () => void;
}

export function SecretOnce({ title, label, secret, text, onClose }: SecretOnceProps) {
	return (
		<Dialog title={title} onClose={onClose}>
			<div class="dialog-text">
				<p>{text}</p>
			</div>
			<TextField label={label} value={secret} onValue={() => {}} isMono readOnly />
			<p class="shown-once">{t("shownOnce")}</p>
			<div class="dialog-actions">
				<CopyButton text={secret} />
				<Button kind="main" onClick={onClose}>
					{t("close")}
				</Button>
			</div>
		</Dialog>
	);
}
