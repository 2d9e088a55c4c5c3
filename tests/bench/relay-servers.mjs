// The servers that relay.mjs compares, and their configurations.

import { readFileSync, writeFileSync } from "node:fs";
import { Authority } from "../e2e/certs.mjs";

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

let issued;

/** A certificate of localhost, for the model and for the servers; created by the first call. */
export function certificates() {
	if (!issued) {
		const authority = new Authority();
		issued = { ca: authority.file, ...authority.issue("localhost") };
	}
	return issued;
}

function writeConfig(path, text) {
	writeFileSync(path, text);
	return path;
}

const nginxCertificate = ({ cert, key }) => `ssl_certificate ${cert}; ssl_certificate_key ${key};`;

const nginxTrust = ({ ca }) =>
	`proxy_ssl_verify on; proxy_ssl_trusted_certificate ${ca}; proxy_ssl_name localhost; proxy_ssl_server_name on;`;

/** It serves the bundle as nginx serves files best; /health sends as many headers as ours. */
const nginxConfig = ({ dir, port, model, tls }, descriptors) => `
${process.getuid() === 0 ? "user root;" : ""} # otherwise it could not read our directory
daemon off;
worker_processes 1;
worker_rlimit_nofile ${descriptors};
error_log stderr warn;
pid ${dir}/nginx.pid;
events { worker_connections ${descriptors}; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16;
  types { application/javascript js; }
  keepalive_requests 100000000;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((what) => `${what}_temp_path ${dir}/${what};`).join(" ")}
  upstream model { server localhost:${model.port}; keepalive 64; }
  ${model.tls ? nginxTrust(certificates()) : ""}
  server {
    listen 127.0.0.1:${port} backlog=4096${tls ? " ssl" : ""};
    ${tls ? nginxCertificate(certificates()) : ""}
    location / {
      proxy_pass ${model.tls ? "https" : "http"}://model;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 300s;
    }
    location = /health {
      default_type application/json;
      add_header Cache-Control no-store;
      return 200 '{"status":"ok"}';
    }
    location /widget/ { alias ${BUNDLE}/; }
  }
}
`;

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
		model.tls ? `ssl alpn h2 sni str(localhost) verify required ca-file ${certificates().ca}` : ""
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
	...(model.tls ? { OPENAI_CA_BUNDLE: certificates().ca } : {}),
	...(tls ? { TLS_CERT: certificates().cert, TLS_KEY: certificates().key } : {}),
});

const banter = (modelHost, more = {}) => ({
	ready: "/health/ready",
	mark: '"token":"',
	question: banterCall,
	run(start, options) {
		const env = { ...banterEnvironment(options, modelHost), ...more };
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
		run(start, options) {
			const limits = readFileSync("/proc/self/limits", "latin1");
			const [, descriptors] = /^Max open files\s+\d+\s+(\d+)/m.exec(limits);
			const text = nginxConfig(options, descriptors);
			const config = writeConfig(`${options.dir}/nginx.conf`, text);
			// With the prefix ./ all paths are relative to the current directory.
			return [start(options.programs.nginx, ["-p", "./", "-e", "stderr", "-c", config])];
		},
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
	"banter-responses": banter("localhost", { OPENAI_API: "responses" }),
};

export const get = (path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
export const authorization = { authorization: `Bearer ${KEY}` };
