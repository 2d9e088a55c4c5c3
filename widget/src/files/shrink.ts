// Pictures of cameras have many more pixels than anybody looks at.

import { pictureType } from "./picture";

const EDGE_MAX = 2048;
const QUALITY = 0.85;
/** What a browser decodes of the visitor's own pictures. */
const OWN_PIXELS_MAX = 100e6;

/** Has several frames, of which only one would be left. */
const ANIMATED = /acTL|ANIM/;

/** A smaller copy if that saves bytes; else the same one. */
export async function shrink(blob: Blob): Promise<Blob> {
	const bytes = new Uint8Array(await blob.arrayBuffer());
	const type = pictureType(bytes, OWN_PIXELS_MAX);
	const head = String.fromCharCode(...bytes.subarray(0, 4096));
	if (!type || type === "image/gif" || ANIMATED.test(head)) return blob;
	try {
		const picture = await createImageBitmap(blob);
		const { width, height } = picture;
		const scale = EDGE_MAX / Math.max(width, height);
		if (scale >= 1) return blob;
		const canvas = document.createElement("canvas");
		canvas.width = Math.max(1, Math.round(width * scale));
		canvas.height = Math.max(1, Math.round(height * scale));
		canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
		picture.close();
		const smaller = await new Promise<Blob | null>((done) => canvas.toBlob(done, type, QUALITY));
		// A browser that cannot write this type writes another one.
		return smaller?.type === type && smaller.size < blob.size ? smaller : blob;
	} catch {
		return blob;
	}
}
