// Files that are chosen and in no message yet, kept by the browser, so that a reload loses none. The server keeps
// what it has of them for an hour.

const HOUR_MS = 3_600_000;

/** What is kept of a file. */
export interface Kept {
	readonly key: string;
	readonly name: string;
	readonly blob: Blob;
	/** Of the server's; null: it has not begun. */
	readonly ticket: Ticket | null;
	/** What it shows, in the sender's words. */
	readonly description?: string | undefined;
}

/** The answer to an announcement. */
export interface Ticket {
	readonly id: string;
	readonly token: string;
}

interface Row extends Kept {
	readonly scope: string;
	readonly at: number;
}

export interface Keep {
	put(file: Kept): void;
	remove(key: string): void;
	/** Those that were kept, oldest first. */
	all(): Promise<Kept[]>;
}

/** A browser that forbids it keeps nothing. */
function openRows() {
	const opened = new Promise<IDBDatabase>((resolve, reject) => {
		const request = indexedDB.open("banter-files", 1);
		request.onupgradeneeded = () => request.result.createObjectStore("files", { keyPath: "key" });
		request.onsuccess = () => resolve(request.result);
		request.onerror = reject;
	});
	const use = (run: (rows: IDBObjectStore) => void) =>
		opened
			.then((db) => run(db.transaction("files", "readwrite").objectStore("files")))
			.catch(() => {});
	return { opened, use };
}

/** Removes what scopes that begin so have kept until then, also those of tabs that are closed. */
export function clearKept(scopes: string, until: number): void {
	void openRows().use((rows) => {
		const request = rows.getAll();
		request.onsuccess = () => {
			for (const { key, scope, at } of request.result as Row[])
				if (scope.startsWith(scopes) && at <= until) rows.delete(key);
		};
	});
}

/** `scope`: whose they are. */
export function openKeep(scope: string): Keep {
	const { opened, use } = openRows();
	return {
		put: (file) => void use((rows) => rows.put({ ...file, scope, at: Date.now() })),
		remove: (key) => void use((rows) => rows.delete(key)),
		all: () =>
			new Promise((resolve) => {
				void opened.catch(() => resolve([]));
				void use((rows) => {
					const request = rows.getAll();
					request.onerror = () => resolve([]);
					request.onsuccess = () => {
						const all: Row[] = request.result;
						const old = Date.now() - HOUR_MS;
						for (const { key, at } of all) if (at < old) rows.delete(key);
						const own = all.filter((one) => one.scope === scope && one.at >= old);
						resolve(own.sort((a, b) => a.at - b.at));
					};
				});
			}),
	};
}
