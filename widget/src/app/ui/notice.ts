// Unread replies outside the widget: in the page's title, and as a sound.

import type { Opened, OpenParts } from "../conversation";

const COUNT = /^\(\d+\) /;

function showInTitle(unread: number): void {
	const title = document.title.replace(COUNT, "");
	document.title = unread > 0 ? `(${unread}) ${title}` : title;
}

/** A short tone. A browser that the visitor has not touched yet stays silent. */
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
	let { unread } = store.get();
	const { unreadInTitle, sound } = settings;
	if (unreadInTitle) {
		showInTitle(unread);
		signal.addEventListener("abort", () => showInTitle(0));
	}
	store.subscribe((state) => {
		if (state.unread === unread) return;
		if (sound && state.unread > unread) play();
		unread = state.unread;
		if (unreadInTitle) showInTitle(unread);
	});
}
