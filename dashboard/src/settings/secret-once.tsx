// A secret that the server shows only now: to copy, before the dialog closes.

import { t as common } from "../text/common";
import { Button } from "../ui/button";
import { CopyButton } from "../ui/copy-button";
import { Dialog } from "../ui/dialog";
import { TextField } from "../ui/field";
import { t } from "./texts";

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
			<p class="once">{t("shownOnce")}</p>
			<div class="dialog-actions">
				<CopyButton text={secret} />
				<Button kind="main" onClick={onClose}>
					{common("close")}
				</Button>
			</div>
		</Dialog>
	);
}
