// The modal dialogs that are open. While one is, the browser keeps everything outside of it from being clicked: what
// must stay in reach lives in the innermost dialog meanwhile.

const open: HTMLElement[] = [];
const watchers = new Set<() => void>();

function changed() {
	for (const watcher of watchers) watcher();
}

/** Returns the function that says that it is closed. */
export function addDialog(dialog: HTMLElement): () => void {
	open.push(dialog);
	changed();
	return () => {
		open.splice(open.indexOf(dialog), 1);
		changed();
	};
}

/** Where clicks are possible. */
export function reachable(): HTMLElement {
	return open[open.length - 1] ?? document.body;
}

/** Calls `moved` when `reachable()` changes. Returns the function that ends it. */
export function watchDialogs(moved: () => void): () => void {
	watchers.add(moved);
	return () => void watchers.delete(moved);
}
