// For callers without a user: those who signed in with the dashboard's password, and keys.

import { t } from "../texts";

interface NoUserProps {
	readonly isKey: boolean;
	/** What is missing on this page therefore. */
	readonly text: string;
}

export function NoUser({ isKey, text }: NoUserProps) {
	return (
		<div class="card settings-note">
			<p>
				<strong>{t(isKey ? "noUserKey" : "noUser")}</strong> {text}
			</p>
		</div>
	);
}
