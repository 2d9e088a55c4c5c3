// What tests of uploads do with a page that sends files.

/** Slows a page's uploads down, so that something can happen meanwhile. */
export async function slowDown(page, bytesPerSecond) {
	const session = await page.context().newCDPSession(page);
	await session.send("Network.enable");
	const set = (offline, uploadThroughput) =>
		session.send("Network.emulateNetworkConditions", {
			offline,
			latency: 0,
			downloadThroughput: -1,
			uploadThroughput,
		});
	await set(false, bytesPerSecond);
	return {
		cut: () => set(true, 0),
		mend: () => set(false, bytesPerSecond),
		hurry: () => set(false, -1),
	};
}

/** Pastes or drops a file with this name and content where the locator is. */
export function give(locator, type, name, content = "text") {
	return locator.evaluate(
		(node, [kind, called, text]) => {
			const data = new DataTransfer();
			data.items.add(new File([text], called, { type: "text/plain" }));
			const options = { bubbles: true, cancelable: true, composed: true };
			const event =
				kind === "paste"
					? new ClipboardEvent("paste", { ...options, clipboardData: data })
					: new DragEvent(kind, { ...options, dataTransfer: data });
			node.dispatchEvent(event);
		},
		[type, name, content],
	);
}

/** The offsets of a page's requests that send bytes. */
export function offsetsOf(page) {
	const offsets = [];
	page.on("request", (one) => {
		if (one.method() === "PATCH") offsets.push(Number(one.headers()["upload-offset"]));
	});
	return offsets;
}
