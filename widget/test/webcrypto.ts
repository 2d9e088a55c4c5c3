// Browsers have crypto as a global; Node does from version 19 on.

import { webcrypto } from "node:crypto";

if (!globalThis.crypto) Object.defineProperty(globalThis, "crypto", { value: webcrypto });
