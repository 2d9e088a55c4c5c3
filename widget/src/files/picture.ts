// Whether a browser may decode some bytes as a picture. The server does not encode pictures again, so the pages look
// for themselves: at the content, never at a name or a type that somebody has said, and at the size that the content
// says, before anything is decoded.

/** 100 MB when decoded. */
const PIXELS_MAX = 25e6;
/** Of pictures that this browser's user has chosen. */
export const OWN_PIXELS_MAX = 100e6;

/** The media type of a picture, by its content; "": none, or one that is too large to be decoded. */
export function pictureType(bytes: Uint8Array, pixelsMax = PIXELS_MAX): string {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	const text = (at: number, end: number) => String.fromCharCode(...bytes.subarray(at, end));
	const named = (type: string, width: number, height: number) =>
		width > 0 && height > 0 && width * height <= pixelsMax ? `image/${type}` : "";
	const u16 = (at: number) => view.getUint16(at, true);

	/** A browser makes the picture as large as its first frame. */
	function gif(): string {
		let at = 13;
		const skipColors = (flags: number) => {
			if (flags & 128) at += 6 << (flags & 7);
		};
		skipColors(view.getUint8(10));
		while (view.getUint8(at) === 0x21) {
			at += 2;
			while (view.getUint8(at)) at += view.getUint8(at) + 1;
			at++;
		}
		if (view.getUint8(at) !== 0x2c) return "";
		const edge = (screen: number, from: number) =>
			Math.max(u16(screen), u16(at + from) + u16(at + from + 4));
		return named("gif", edge(6, 1), edge(8, 3));
	}

	function webp(): string {
		const kind = text(12, 16);
		if (kind === "VP8 ") return named("webp", u16(26) & 0x3fff, u16(28) & 0x3fff);
		const bits = view.getUint32(kind === "VP8L" ? 21 : 24, true);
		if (kind === "VP8L") return named("webp", 1 + (bits & 0x3fff), 1 + ((bits >> 14) & 0x3fff));
		const height = u16(27) + (view.getUint8(29) << 16);
		return kind === "VP8X" ? named("webp", 1 + (bits & 0xffffff), 1 + height) : "";
	}

	/** Its size is in the first frame header. */
	function jpeg(): string {
		let at = 2;
		while (view.getUint8(at) === 255) {
			const marker = view.getUint8(at + 1);
			if (/c[0-35-79-bd-f]/.test(marker.toString(16)))
				return named("jpeg", view.getUint16(at + 7), view.getUint16(at + 5));
			at += marker === 255 ? 1 : 2 + view.getUint16(at + 2);
		}
		return "";
	}

	try {
		if (text(0, 16) === "\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
			return named("png", view.getUint32(16), view.getUint32(20));
		if (/^GIF8[79]a/.test(text(0, 6))) return gif();
		if (/^RIFF....WEBP/s.test(text(0, 12))) return webp();
		return text(0, 3) === "\xff\xd8\xff" ? jpeg() : "";
	} catch {
		// It ends too early.
		return "";
	}
}

/** The picture in a type of ours, which is all that a browser goes by; null: it is not shown. */
export async function pictureIn(blob: Blob, pixelsMax = PIXELS_MAX): Promise<Blob | null> {
	const bytes = new Uint8Array(await blob.arrayBuffer());
	const type = pictureType(bytes, pixelsMax);
	return type ? new Blob([bytes], { type }) : null;
}
