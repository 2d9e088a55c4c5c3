// Pictures on canvases: unlike those of an <img>, no page's policy forbids them.

/** A copy whose longest side has at most `edge` pixels. Throws if the browser cannot decode the picture. */
export async function paint(blob: Blob, edge: number): Promise<HTMLCanvasElement> {
	const picture = await createImageBitmap(blob);
	const scale = Math.min(1, edge / Math.max(picture.width, picture.height));
	const canvas = document.createElement("canvas");
	canvas.width = Math.max(1, Math.round(picture.width * scale));
	canvas.height = Math.max(1, Math.round(picture.height * scale));
	canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
	picture.close();
	return canvas;
}
