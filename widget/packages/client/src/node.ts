// For Node: version 18 has no global `crypto`.

import { randomUUID } from "node:crypto";
import { Client, type ClientOptions } from "./client.js";

export type * from "./client.js";
export { BanterError } from "./failure.js";

/** The client of one session. It makes no request before its first call. */
export const createClient = (options: ClientOptions): Client => new Client(options, randomUUID);
