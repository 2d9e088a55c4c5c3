// Certificates for tests, signed by a certificate authority of the test file.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1";

function openssl(...args) {
	execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}

export class Authority {
	constructor() {
		this.dir = mkdtempSync(join(tmpdir(), "banter-certs-"));
		process.on("exit", () => rmSync(this.dir, { recursive: true, force: true }));
		this.key = join(this.dir, "ca.key");
		this.file = join(this.dir, "ca.pem");
		const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
		openssl("req", "-x509", ...newKey, "-keyout", this.key, "-out", this.file, "-subj", "/CN=ca");
		this.pem = readFileSync(this.file, "utf8");
	}

	/**
	 * Issues a certificate, for localhost if there is nothing else in `names`.
	 * @param {string} name the subject's common name
	 * @param {string[]} kind the key's type: arguments of `openssl req -newkey`
	 * @param {number} days the validity
	 * @returns {{cert: string, key: string}} paths
	 */
	issue(name, kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], days = 30, names = NAMES) {
		const [cert, key, request] = ["pem", "key", "csr"].map((end) =>
			join(this.dir, `${name}.${end}`),
		);
		const newKey = ["-newkey", ...kind, "-noenc", "-keyout", key, "-addext", names];
		openssl("req", ...newKey, "-out", request, "-subj", `/CN=${name}`);
		const authority = ["-CA", this.file, "-CAkey", this.key, "-copy_extensions", "copy"];
		openssl("x509", "-req", "-in", request, "-out", cert, "-days", String(days), ...authority);
		return { cert, key };
	}
}
