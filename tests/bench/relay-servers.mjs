// The servers that relay.mjs compares, each in front of the same model: the stub (tests/stub), or nginx as
// its TLS front, which offers HTTP/2.

import { readFileSync, writeFileSync } from "node:fs";
import { Authority } from "../e2e/certs.mjs";
import { freePort } from "../ports.mjs";

const KEY = "a-key-for-the-benchmark-alone";
const BUNDLE = "widget/dist"; // the directory of chat-widget.js

const post = (path, field, body) => {
	const text = JSON.stringify(body);
	return (
		`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${field}\r\n` +
		`Content-Length: ${text.length}\r\n\r\n${text}`
	);
};

/** A call of the model with these directives. */
const modelCall = (script) =>
	post("/v1/chat/completions", `Authorization: Bearer ${KEY}`, {
		model: "m",
		stream: true,
		stream_options: { include_usage: true },
		messages: [{ role: "user", content: `[[${script}]]` }],
	});

const banterCall = (script) =>
	post("/v1/chat/stream", `x-api-key: ${KEY}`, {
		sessionId: "visitor-#####",
		message: `[[${script}]]`,
	});

let certificates;

/** Certificates of localhost, for the model's front and for the servers; created by the first call. */
function certificatesOnce() {
	if (!certificates) {
		const authority = new Authority();
		const { cert, key } = authority.issue("localhost");
		const both = `${authority.dir}/both.pem`; // as haproxy wants them
		writeFileSync(both, readFileSync(cert, "utf8") + readFileSync(key, "utf8"));
		certificates = { ca: authority.file, pem: authority.pem, cert, key, both };
	}
	return certificates;
}

export const trusted = () => certificatesOnce().pem;

function writeConfig(path, text) {
	writeFileSync(path, text);
	return path;
}

/** The part that all nginx configurations share. */
function nginx(dir, http) {
	const limits = readFileSync("/proc/self/limits", "latin1");
	const [, descriptors] = /^Max open files\s+\d+\s+(\d+)/m.exec(limits);
	const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
	const text = `
${process.getuid() === 0 ? "user root;" : ""} # otherwise it could not read our directory
daemon off;
worker_processes 1;
worker_rlimit_nofile ${descriptors};
error_log stderr warn;
pid ${dir}/nginx.pid;
events { worker_connections ${descriptors}; }
http {
  access_log off;
  keepalive_requests 100000000;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_buffering off;
  proxy_read_timeout 300s;
  ${paths.map((path) => `${path}_temp_path ${dir}/${path};`).join(" ")}
  ${http}
}
`;
	// With the prefix ./ all paths are relative to the current directory.
	return ["-p", "./", "-e", "stderr", "-c", writeConfig(`${dir}/nginx.conf`, text)];
}

const nginxCertificate = ({ cert, key }) => `ssl_certificate ${cert}; ssl_certificate_key ${key};`;

/** It serves the bundle as nginx serves files best; /health sends as many headers as ours. */
const nginxServer = ({ dir, port, model, tls }) =>
	nginx(
		dir,
		`
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16;
  types { application/javascript js; }
  upstream model { server localhost:${model.port}; keepalive 64; }
  ${
		model.tls
			? `proxy_ssl_verify on;
  proxy_ssl_trusted_certificate ${certificatesOnce().ca};
  proxy_ssl_name localhost;
  proxy_ssl_server_name on;`
			: ""
	}
  server {
    listen 127.0.0.1:${port} backlog=4096${tls ? " ssl" : ""};
    ${tls ? nginxCertificate(certificatesOnce()) : ""}
    location / { proxy_pass ${model.tls ? "https" : "http"}://model; }
    location = /health {
      default_type application/json;
      add_header Cache-Control no-store;
      return 200 '{"status":"ok"}';
    }
    location /widget/ { alias ${BUNDLE}/; }
  }`,
	);

/** With http-reuse always, it puts the requests of different visitors on one connection with HTTP/2. */
const haproxyConfig = ({ port, model }) => `
global
  nbthread 1
  maxconn 9000
defaults
  mode http
  option http-no-delay
  timeout connect 10s
  timeout client 300s
  timeout server 300s
frontend visitors
  bind 127.0.0.1:${port} backlog 4096
  default_backend model
backend model
  http-reuse always
  server stub localhost:${model.port} ${
		model.tls
			? `ssl alpn h2 sni str(localhost) verify required ca-file ${certificatesOnce().ca}`
			: ""
	}
`;

/** Production mode with rate limits off and no log line per request, as nginx writes none. */
const banterEnvironment = ({ dir, port, model, tls }, modelHost) => ({
	APP_ENV: "production",
	WORKERS: "1",
	LOG_LEVEL: "notice",
	DATA_DIR: `${dir}/data`,
	LISTEN: `127.0.0.1:${port}`,
	OPENAI_BASE_URL: `http${model.tls ? "s" : ""}://${modelHost}:${model.port}/v1`,
	OPENAI_API_KEY: "key-of-the-stand-in-model",
	WIDGET_API_KEY: KEY,
	CORS_ORIGIN: "https://benchmark.example",
	RATE_LIMIT_MAX_REQUESTS: "1000000",
	DRAIN_TIMEOUT_MS: "2000",
	WIDGET_BUNDLE_PATH: `${BUNDLE}/chat-widget.js`,
	...(model.tls ? { OPENAI_CA_BUNDLE: certificatesOnce().ca } : {}),
	...(tls ? { TLS_CERT: certificatesOnce().cert, TLS_KEY: certificatesOnce().key } : {}),
});

const banter = (modelHost) => ({
	ready: "/health/ready",
	mark: '"token":"',
	question: banterCall,
	run(start, options) {
		const env = banterEnvironment(options, modelHost);
		return ["build/storaged", "build/masterd"].map((program) => start(program, [], env));
	},
});

/**
 * ready: a path that returns 200 then. mark: the text before a token. question: the request of a visitor. run:
 * starts the programs by { dir, port, model: { port, tls }, tls, programs }; tls: visitors connect with TLS.
 */
export const SERVERS = {
	nginx: {
		ready: "/health",
		mark: '"content":"',
		question: modelCall,
		run: (start, options) => [start(options.programs.nginx, nginxServer(options))],
	},
	haproxy: {
		ready: "/v1/models",
		mark: '"content":"',
		question: modelCall,
		run(start, options) {
			const config = writeConfig(`${options.dir}/haproxy.cfg`, haproxyConfig(options));
			return [start(options.programs.haproxy, ["-db", "-f", config])];
		},
	},
	banter: banter("localhost"),
	"banter-ip": banter("127.0.0.1"),
};

/** What needs no key to be measured. */
export const get = (path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
export const authorization = { authorization: `Bearer ${KEY}` };

/** Its log has a line for each request: the number of the connection, and whether its TLS session was resumed. */
const frontConfig = (dir, port, stub) =>
	nginx(
		dir,
		`
  log_format connections "$connection $ssl_session_reused";
  upstream stub { server 127.0.0.1:${stub}; keepalive 64; }
  server {
    listen localhost:${port} backlog=4096 ssl http2;
    ${nginxCertificate(certificatesOnce())}
    access_log ${dir}/connections.log connections buffer=64k;
    location / { proxy_pass http://stub; }
  }`,
	);

/** The front's connections, when it has ended. */
function frontConnections(dir) {
	const lines = new Set(readFileSync(`${dir}/connections.log`, "latin1").split("\n"));
	lines.delete("");
	const resumed = [...lines].filter((line) => line.endsWith(" r")).length;
	return { connections: lines.size, handshakes: lines.size - resumed, resumed };
}

/** Starts the model's TLS front. connections(): how many it had, after its end. */
export async function startFront(start, { dir, stub, programs }) {
	const port = await freePort();
	const daemon = start(programs.nginx, frontConfig(dir, port, stub));
	return { port, daemon, connections: () => frontConnections(dir) };
}
