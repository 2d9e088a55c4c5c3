// The dialog that assigns a conversation, loaded when it opens for the first time.

import { ErrorBoundary, lazy } from "preact-iso";
import type { AssignDialogProps } from "./assign-dialog";

const AssignDialog = lazy(async () => (await import("./assign-dialog")).AssignDialog);

export function Assigning(props: AssignDialogProps) {
	return (
		<ErrorBoundary>
			<AssignDialog {...props} />
		</ErrorBoundary>
	);
}
