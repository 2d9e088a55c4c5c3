// Somebody else has changed the record that the user is changing: whose version is kept?

import { t } from "../text/common";
import { Button } from "./button";

interface ConflictProps {
	readonly onTheirs: (event: MouseEvent) => void;
	readonly onMine: (event: MouseEvent) => void;
}

export function Conflict({ onTheirs, onMine }: ConflictProps) {
	return (
		<div class="form-conflict" role="alert">
			<p>{t("conflict")}</p>
			<div class="form-actions">
				<Button isSmall onClick={onTheirs}>
					{t("conflictTheirs")}
				</Button>
				<Button isSmall onClick={onMine}>
					{t("conflictMine")}
				</Button>
			</div>
		</div>
	);
}
