// Commands that must succeed.

import { spawn } from "node:child_process";

/** Runs a command; resolves to its output. Rejects if it fails, or takes longer than `ms`. */
export function run(command, args, { ms = 30_000, input, env } = {}) {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, {
			env: env ?? process.env,
			stdio: ["pipe", "pipe", "pipe"],
			timeout: ms,
			killSignal: "SIGKILL",
		});
		const out = { stdout: "", stderr: "" };
		for (const name of ["stdout", "stderr"])
			child[name].setEncoding("utf8").on("data", (text) => {
				out[name] += text;
			});
		child.stdin.on("error", () => {}); // it may exit before it has read everything
		child.stdin.end(input);
		child.once("error", reject);
		child.once("close", (code, signal) => {
			if (code === 0) resolve(out.stdout);
			else
				reject(
					new Error(`${command} ${args.join(" ")}: ${code ?? signal}\n${out.stdout}${out.stderr}`),
				);
		});
	});
}

/** Waits this long. Only for the length of a fault, and between attempts: never for a condition. */
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));
