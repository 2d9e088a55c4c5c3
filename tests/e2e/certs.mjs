// Certificates for tests: an authority of the test file's own, and whatever it is to sign.

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
		const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
		openssl("req", "-x509", ...made, "-keyout", this.key, "-out", this.file, "-subj", "/CN=ca");
		this.pem = readFileSync(this.file, "utf8");
	}

	/**
	 * A certificate for this machine, in files that nobody but their owner can read.
	 * @param {string} name its subject's common name
	 * @param {string[]} kind how its key is made, as `openssl req -newkey` wants it
	 * @param {number} days how long it is good
	 * @returns {{cert: string, key: string}} paths
	 */
	issue(name, kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], days = 30) {
		const [cert, key, request] = ["pem", "key", "csr"].map((end) =>
			join(this.dir, `${name}.${end}`),
		);
		const made = ["-newkey", ...kind, "-noenc", "-keyout", key, "-addext", NAMES];
		openssl("req", ...made, "-out", request, "-subj", `/CN=${name}`);
		const from = ["-CA", this.file, "-CAkey", this.key, "-copy_extensions", "copy"];
		openssl("x509", "-req", "-in", request, "-out", cert, "-days", String(days), ...from);
		return { cert, key };
	}
}
