// nginx as its documentation begins: it buffers, and passes no upgrade on.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "../e2e/client.mjs";
import { Daemon, ROOT } from "../e2e/daemon.mjs";
import { freePort, until } from "../e2e/harness.mjs";

/** make deps FOR=test brings it. */
const NGINX = join(ROOT, "build/tools/nginx");

const config = (dir, port, behind) => `
	daemon off;
	${process.getuid() === 0 ? "user root;" : ""}
	pid ${dir}/pid;
	error_log stderr;
	events {}
	http {
		access_log off;
		${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((what) => `${what}_temp_path ${dir}/${what};`).join("\n")}
		server {
			listen 127.0.0.1:${port};
			location / { proxy_pass http://127.0.0.1:${behind}; }
		}
	}`;

/** Resolves to one in front of a port of 127.0.0.1: its port, and close(). log: of the tests. */
export async function openNginx(behind, log) {
	const dir = mkdtempSync(join(tmpdir(), "banter-nginx-"));
	const port = await freePort();
	const file = join(dir, "nginx.conf");
	writeFileSync(file, config(dir, port, behind));
	const daemon = new Daemon(NGINX, ["-c", file, "-e", "stderr"], {}, log);
	daemon.start();
	const close = async () => {
		await daemon.stop();
		rmSync(dir, { recursive: true });
	};
	const url = `http://127.0.0.1:${port}`;
	await until("nginx answers", () => request(url, "GET", "/health").catch(() => null));
	return { port, url, close };
}
