// Unread replies outside the widget: in the page's title, and as a sound.

import type { Opened, OpenParts } from "../conversation";

/** After a sound there is none for this time: the other tabs hear of the same reply later. */
const PAUSE_MS = 10_000;

/** Not `document.title`, which <form name="title"> hides. */
function showInTitle(unread: number): void {
	const title = String(Reflect.get(Document.prototype, "title", document));
	const now = (unread ? `(${unread}) ` : "") + title.replace(/^\(\d+\) /, "");
	Reflect.set(Document.prototype, "title", now, document);
}

/** A short tone. */
function play(): void {
	const audio = new AudioContext();
	const tone = audio.createOscillator();
	const volume = audio.createGain();
	volume.gain.value = 0.1;
	tone.connect(volume).connect(audio.destination);
	tone.onended = () => void audio.close();
	tone.start();
	tone.stop(0.2);
}

export function giveNotice({ settings, shell, signal }: OpenParts, { store }: Opened): void {
	let before = store.get();
	const { unreadInTitle, sound } = settings;
	if (unreadInTitle) {
		showInTitle(before.unread);
		signal.addEventListener("abort", () => showInTitle(0));
	}

	const { locks, userActivation } = navigator;
	/** A lock that all tabs share in which the visitor sees the chat. */
	const seen = `banter ${shell.widgetId}${shell.space}`;
	let release = () => {};
	const isSeen = () => store.get().open && !document.hidden;

	/** Until the next call. */
	function hold(): Promise<void> {
		release();
		return new Promise((done) => {
			release = done;
		});
	}

	function look(): void {
		const end = hold();
		if (isSeen()) void locks?.request(seen, { mode: "shared" }, () => end);
	}

	/** Plays once in all tabs of the browser, unless the visitor sees the reply in one of them. */
	function ring(): void {
		// A browser keeps a page silent that the visitor has not touched.
		if (isSeen() || userActivation?.hasBeenActive === false) return;
		// Without locks, the tabs do not share their conversation.
		if (!locks) play();
		else
			void locks.request(seen, { ifAvailable: true }, (lock) => {
				if (!lock || signal.aborted) return;
				play();
				const end = hold();
				const timer = setTimeout(release, PAUSE_MS);
				signal.addEventListener("abort", () => clearTimeout(timer));
				return end;
			});
	}

	if (sound) {
		look();
		document.addEventListener("visibilitychange", look, { signal });
		signal.addEventListener("abort", () => release());
	}

	store.subscribe((state) => {
		const { open, unread, ended } = state;
		// Replies that have ended before this tab joined the others are not unread.
		const isNew = open ? ended > before.ended : unread > before.unread;
		if (unreadInTitle && unread !== before.unread) showInTitle(unread);
		if (sound && open !== before.open) look();
		before = state;
		if (sound && isNew) ring();
	});
}
