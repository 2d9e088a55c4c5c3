// masterd's listening sockets: inherited ones (socket activation, sd_listen_fds(3)), and failure to
// open its own.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RawConnection, request } from "./client.mjs";
import { freePort, until, withBanter } from "./harness.mjs";

// Executes the program in its arguments with a listening socket on descriptor 3, as systemd does.
// Perl, because Node accepts connections on every socket that it listens on.
const ACTIVATE = `
	use Socket; use POSIX ();
	$^F = 255;
	my $port = shift;
	my $s;
	socket($s, PF_INET, SOCK_STREAM, 0) && bind($s, pack_sockaddr_in($port, INADDR_LOOPBACK)) &&
		listen($s, 128) or die "$!";
	POSIX::dup2(fileno($s), 3) or die "$!";
	$ENV{LISTEN_FDS} = 1;
	$ENV{LISTEN_PID} = $$;
	exec @ARGV;`;

describe("listening", () => {
	it("an inherited socket overrides LISTEN, and connections from before the start are served", () =>
		withBanter({ workers: 1 }, async (banter) => {
			const port = await freePort();
			const other = await freePort();
			const args = ["-e", ACTIVATE, String(port), banter.masterd.program];
			const env = { ...banter.masterd.env, LISTEN: `127.0.0.1:${other}` };
			const activated = banter.daemon("/usr/bin/perl", args, env);
			activated.start();
			const early = await until("the socket is there", () =>
				RawConnection.connect(port).catch(() => null),
			);
			await early.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
			assert.deepEqual((await early.response()).json, { status: "ok" });
			early.close();
			assert.equal((await request(`http://127.0.0.1:${port}`, "GET", "/health")).status, 200);
			await assert.rejects(request(`http://127.0.0.1:${other}`, "GET", "/health"), {
				code: "ECONNREFUSED",
			});
			const unused = /ev=setting_unused name=LISTEN help="[^"]*edit banter.socket/;
			assert.ok(banter.log.lines.some((line) => unused.test(line.text)));
			assert.deepEqual(await activated.stop(), { code: 0, signal: null });
		}));

	it("masterd exits at once if the port is in use, and names the address and the process", () =>
		withBanter({ workers: 1 }, async (banter) => {
			const second = banter.daemon("masterd", [], banter.masterd.env);
			const position = banter.log.lines.length;
			second.start();
			const { code } = await second.ended;
			assert.notEqual(code, 0);
			const words = banter.log.lines
				.slice(position)
				.map((line) => line.text)
				.join("\n");
			const holder = `pid=${banter.masterd.pid} program=masterd help="stop this process, or`;
			assert.match(words, new RegExp(`:${banter.port}\\b.* ${holder}`));
			assert.equal((await banter.get("/health")).status, 200);
		}));
});
