// `node --import listen-on-loopback.mjs PROGRAM`: a program that would listen on all interfaces does so on 127.0.0.1.

import { Server } from "node:net";

const { listen } = Server.prototype;
Server.prototype.listen = function (port, ...rest) {
	const callbacks = rest.filter((one) => typeof one === "function");
	return listen.call(this, { port, host: "127.0.0.1" }, ...callbacks);
};
