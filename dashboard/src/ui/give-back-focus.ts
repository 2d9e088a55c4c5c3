// Gives the focus back to what had it before a dialog. If that has gone, as the row that was deleted, its neighbour gets
// it, or else the page's heading: the keyboard's user continues from there.

const FOCUSABLE = "a[href], button:not(:disabled), input, textarea, select";

/** Call it when the dialog opens; call the result when the dialog has been removed. */
export function rememberFocus(): () => void {
	const before = document.activeElement;
	const row = before?.closest("li, tr");
	const nearby = [row?.nextElementSibling, row?.previousElementSibling];
	return () => {
		// Something else has taken the focus, such as another dialog.
		if (document.activeElement !== document.body) return;
		const near = nearby.filter((one) => one?.isConnected);
		const next = before?.isConnected
			? before
			: near.map((one) => one?.querySelector(FOCUSABLE)).find((one) => one);
		const target = next ?? document.querySelector("main h1");
		if (target instanceof HTMLElement) target.focus();
	};
}
