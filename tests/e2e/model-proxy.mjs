// A reverse proxy in front of the stub model, which has neither TLS nor HTTP/2: haproxy, nghttpx or nginx.
//
//	await withModelProxy(nghttpx, { env: { … }, workers: 1 }, async ({ front, banter }) => { … });

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../ports.mjs";
import { Authority } from "./certs.mjs";
import { RawConnection } from "./client.mjs";
import { Daemon, Log, ROOT, until } from "./daemon.mjs";
import { withBanter } from "./harness.mjs";
import { childrenOf } from "./proc.mjs";

/** `make deps` puts programs into build/tools without installing their packages. */
const PATH = [join(ROOT, "build/tools"), process.env.PATH, "/usr/sbin"].join(":");

/** Why a program cannot be used on this machine, or false: for `skip` of node:test. */
export function whyMissing(program) {
	const { error } = spawnSync(program, ["-v"], { env: { PATH }, stdio: "ignore" });
	return error ? `${program} is not installed` : false;
}

let authority;
let certificate;

/** The authority of the proxies' certificate; created by the first call. */
function frontAuthority() {
	authority ??= new Authority();
	certificate ??= authority.issue("front");
	return { authority, certificate };
}

/** options: settings, further lines or arguments of its configuration; http1, it does not speak HTTP/2. */
class ModelProxy {
	constructor(port, backend, options) {
		Object.assign(this, { port, backend, options });
		this.dir = mkdtempSync(join(tmpdir(), "banter-front-"));
		this.log = new Log();
		const { program, args } = this.command(frontAuthority().certificate);
		this.daemon = new Daemon(program, args, { PATH }, this.log);
	}

	async start() {
		this.daemon.start();
		await until(`${this.daemon.name} listens`, () => {
			if (!this.daemon.running) throw new Error(`${this.daemon.name} exited`);
			const isOpen = (raw) => raw.close() ?? true;
			return RawConnection.connect(this.port).then(isOpen, () => false);
		});
	}

	async die() {
		const pids = [...childrenOf(this.daemon.pid)];
		const ended = this.daemon.kill("SIGKILL");
		for (const pid of pids) process.kill(pid, "SIGKILL");
		await ended;
	}

	async stop() {
		if (this.daemon.running) await this.die();
		rmSync(this.dir, { recursive: true, force: true });
	}
}

class Nghttpx extends ModelProxy {
	command({ key, cert }) {
		const args = [
			"--conf=/dev/null",
			"--workers=1",
			"--no-ocsp",
			`--frontend=127.0.0.1,${this.port}`,
			`--backend=127.0.0.1,${this.backend}`,
			"--errorlog-file=/dev/stderr",
			"--log-level=ERROR",
			...(this.options.settings ?? []),
		];
		return { program: "nghttpx", args: [...args, key, cert] };
	}

	/** It sends GOAWAY, completes open streams, and exits. */
	retire() {
		return this.daemon.kill("SIGQUIT");
	}
}

class Haproxy extends ModelProxy {
	command({ key, cert }) {
		const both = join(this.dir, "both.pem");
		const config = join(this.dir, "haproxy.cfg");
		writeFileSync(both, readFileSync(cert) + readFileSync(key));
		writeFileSync(
			config,
			`global
				${this.options.settings ?? ""}
			defaults
				mode http
				timeout connect 60s
				timeout client 600s
				timeout server 600s
			listen model
				bind 127.0.0.1:${this.port} ssl crt ${both} alpn ${this.options.http1 ? "" : "h2,"}http/1.1
				server stub 127.0.0.1:${this.backend}
`,
		);
		return { program: "haproxy", args: ["-db", "-f", config] };
	}
}

/** Settings are of the server block. Clients without the server's name get no certificate. */
class Nginx extends ModelProxy {
	command({ key, cert }) {
		const config = join(this.dir, "nginx.conf");
		writeFileSync(
			config,
			`daemon off; pid ${this.dir}/pid; error_log stderr error; worker_processes 1;
			events { worker_connections 4096; }
			http {
				access_log off;
				client_body_temp_path ${this.dir}; proxy_temp_path ${this.dir};
				fastcgi_temp_path ${this.dir}; uwsgi_temp_path ${this.dir}; scgi_temp_path ${this.dir};
				server { listen 127.0.0.1:${this.port} default_server; ssl_reject_handshake on; }
				server {
					server_name localhost;
					listen 127.0.0.1:${this.port} ssl ${this.options.http1 ? "" : "http2"};
					ssl_certificate ${cert};
					ssl_certificate_key ${key};
					${this.options.settings ?? ""}
					location / {
						proxy_pass http://127.0.0.1:${this.backend};
						proxy_http_version 1.1;
						proxy_buffering off;
					}
				}
			}`,
		);
		return { program: "nginx", args: ["-c", config, "-e", "stderr"] };
	}

	workers() {
		return childrenOf(this.daemon.pid);
	}

	/** New workers take over; the old ones send GOAWAY and complete open streams. */
	reload() {
		this.daemon.child.kill("SIGHUP");
	}
}

export const haproxy = (...args) => new Haproxy(...args);
export const nghttpx = (...args) => new Nghttpx(...args);
export const nginx = (...args) => new Nginx(...args);

/**
 * Runs body({ front, banter }) with a banter that connects over HTTPS to a proxy in front of the stub model.
 * @param {typeof nghttpx} kind
 */
export async function withModelProxy(kind, { env = {}, front: options = {}, ...rest }, body) {
	const [model, port] = [await freePort(), await freePort()];
	const front = kind(port, model, options);
	const settings = {
		OPENAI_BASE_URL: `https://localhost:${port}/v1`,
		OPENAI_CA_BUNDLE: frontAuthority().authority.file,
	};
	const stub = ["--port", String(model)];
	await front.start();
	try {
		await withBanter({ ...rest, stub, env: { ...settings, ...env } }, (banter) =>
			body({ front, banter }),
		);
		front.log.discard();
	} finally {
		await front.stop();
	}
}
