// The dialog that snoozes conversations, loaded when it opens for the first time.

import { ErrorBoundary, lazy } from "preact-iso";
import type { SnoozeDialogProps } from "./dialog";
import { t } from "./texts";

const SnoozeDialog = lazy(async () => {
	const [{ SnoozeDialog }] = await Promise.all([import("./dialog"), t.load()]);
	return SnoozeDialog;
});

export function Snoozing(props: SnoozeDialogProps) {
	return (
		<ErrorBoundary>
			<SnoozeDialog {...props} />
		</ErrorBoundary>
	);
}
