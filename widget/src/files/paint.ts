// Pictures on canvases: unlike those of an <img>, no page's policy forbids them.

/** The last one: each takes hundreds of MB while it is decoded, so they are decoded one after the other. */
let last: Promise<unknown> = Promise.resolve();

/** A copy whose longest side has at most `edge` pixels. */
export function scaled(picture: ImageBitmap | HTMLCanvasElement, edge: number): HTMLCanvasElement {
	const scale = Math.min(1, edge / Math.max(picture.width, picture.height));
	const canvas = document.createElement("canvas");
	canvas.width = Math.max(1, Math.round(picture.width * scale));
	canvas.height = Math.max(1, Math.round(picture.height * scale));
	canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
	return canvas;
}

/** The same of an encoded picture. Throws if the browser cannot decode it. */
export function paint(blob: Blob, edge: number): Promise<HTMLCanvasElement> {
	async function decode(): Promise<HTMLCanvasElement> {
		const picture = await createImageBitmap(blob);
		const canvas = scaled(picture, edge);
		picture.close();
		return canvas;
	}

	const painted = last.then(decode);
	const settled = () => {};
	last = painted.then(settled, settled);
	return painted;
}
