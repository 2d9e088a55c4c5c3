// A tenant that attacks, for tenants.mjs, in a process of its own: it sends requests over so many connections, without a
// pause, from the message "start" on. Each request is { method, path, headers, body, times }: the body is sent so many
// times over; "%n" is a number that counts up. It prints how many of each status were answered when its input ends.

import { Agent, request } from "node:http";

const { url, connections, requests } = JSON.parse(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const statuses = {};
let n = 0;

function send() {
	const { method, path, headers, body, times = 1 } = requests[n % requests.length];
	const fill = (text) => text.replaceAll("%n", String(n));
	const payload = body === undefined ? undefined : fill(body).repeat(times);
	n++;
	return new Promise((done) => {
		const sent = request(`${url}${fill(path)}`, { agent, method, headers }, (response) => {
			statuses[response.statusCode] = (statuses[response.statusCode] ?? 0) + 1;
			response.on("error", done).on("end", done).resume();
		});
		sent.on("error", done);
		sent.end(payload);
	});
}

async function repeat() {
	for (;;) await send();
}

for (let i = 0; i < connections; i++) repeat();
process.stdin.on("end", () => {
	console.log(JSON.stringify(statuses));
	process.exit(0);
});
process.stdin.resume();
