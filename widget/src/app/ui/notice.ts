// Unread replies outside the widget: in the page's title, and as a sound.

import type { Opened, OpenParts } from "../conversation";

/** The other tabs get a reply within this time. */
const LOCK_MS = 10_000;
/** A hidden tab leaves this time to one in which the visitor may read the reply. */
const HIDDEN_MS = 500;

function showInTitle(unread: number): void {
	document.title = (unread ? `(${unread}) ` : "") + document.title.replace(/^\(\d+\) /, "");
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

export function giveNotice({ settings, signal }: OpenParts, { store }: Opened): void {
	let before = store.get();
	const { unreadInTitle, sound } = settings;
	if (unreadInTitle) {
		showInTitle(before.unread);
		signal.addEventListener("abort", () => showInTitle(0));
	}

	const pause = (ms: number) =>
		new Promise<void>((done) => {
			const timer = setTimeout(done, ms);
			signal.addEventListener("abort", () => {
				clearTimeout(timer);
				done();
			});
		});

	const isSeen = () => store.get().open && !document.hidden;

	/** Plays once in all tabs of the browser, unless the visitor sees the reply in one of them. */
	async function ring(reply: string): Promise<void> {
		if (document.hidden) await pause(HIDDEN_MS);
		// A browser keeps a page silent that the visitor has not touched.
		if (!isSeen() && navigator.userActivation?.hasBeenActive === false) return;
		const sound = () => void (signal.aborted || isSeen() || play());
		// Without locks, the tabs do not share their conversation.
		if (!navigator.locks) return sound();
		await navigator.locks.request(`banter ${reply}`, { ifAvailable: true }, (lock) => {
			if (!lock) return;
			sound();
			return pause(LOCK_MS);
		});
	}

	store.subscribe((state) => {
		const { open, unread, ended, messages } = state;
		// Replies that have ended before this tab joined the others are not unread.
		const isNew = open ? ended > before.ended : unread > before.unread;
		if (unreadInTitle && unread !== before.unread) showInTitle(unread);
		before = state;
		if (sound && isNew) void ring(`${messages[messages.length - 1]?.key}`);
	});
}
