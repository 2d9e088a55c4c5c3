// The address of a picture that browsers load, as the server accepts it (web_read_picture() in
// workerd/api/fields/web_kinds.c).

const ADDRESS = /^https:\/\/[a-z0-9][^\s"'()<>\\^`{|}]*$/i;

export const PICTURE_ADDRESS_MAX = 2000;

/** Names that the internet does not have. */
const CLOSED = /(^|\.)(localhost|local|internal|home\.arpa)$/;

/** IPv4 networks that are not public, by the beginning of their addresses (ip_is_public() in proto/base/network.c). */
const NOT_PUBLIC =
	/^(0|10|127|169\.254|192\.168|192\.0\.[02]|192\.88\.99|198\.51\.100|203\.0\.113|198\.1[89]|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])|22[4-9]|2[3-5]\d)\./;

/** `host`: as URL gives it, where an IPv4 address in any notation has four numbers. */
function isPublic(host: string): boolean {
	const name = host.replace(/\.$/, "");
	return name.includes(".") && !CLOSED.test(name) && !NOT_PUBLIC.test(name);
}

export function isPictureAddress(text: string): boolean {
	if (!ADDRESS.test(text)) return false;
	try {
		const { hostname, username, password } = new URL(text);
		return (
			username + password === "" && !/@/.test(text.split(/[/?#]/)[2] ?? "") && isPublic(hostname)
		);
	} catch {
		return false;
	}
}
