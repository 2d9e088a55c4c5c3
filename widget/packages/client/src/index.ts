// For browsers, and for servers with the global `crypto`.

import { Client, type ClientOptions } from "./client.js";

export type * from "./client.js";
export { BanterError } from "./failure.js";

const newId = () =>
	[...crypto.getRandomValues(new Uint8Array(16))]
		.map((byte) => byte.toString(16).padStart(2, "0"))
		.join("");

/** The client of one session. It makes no request before its first call. */
export const createClient = (options: ClientOptions): Client => new Client(options, newId);
