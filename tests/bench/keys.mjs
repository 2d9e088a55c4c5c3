// The time from a key to the frame that shows what it did, in a page of the dashboard.

/** Runs in the page: notes the time from each key to the frame after it. */
function watchKeys() {
	if (window.keyTimes) {
		window.keyTimes.length = 0;
		return;
	}
	window.keyTimes = [];
	const { port1, port2 } = new MessageChannel();
	let pressed = 0;
	port1.onmessage = () => window.keyTimes.push(performance.now() - pressed);
	document.addEventListener(
		"keydown",
		(event) => {
			pressed = event.timeStamp;
			// A message that is sent in a frame arrives after it was painted.
			requestAnimationFrame(() => port2.postMessage(null));
		},
		true,
	);
}

/** Presses keys one after the other; resolves to their times in ms. */
export async function timeKeys(page, keys) {
	await page.evaluate(watchKeys);
	for (const [i, key] of keys.entries()) {
		await page.keyboard.press(key);
		await page.waitForFunction((n) => window.keyTimes.length > n, i);
	}
	return page.evaluate(() => window.keyTimes);
}
