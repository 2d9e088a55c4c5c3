// Small file systems for tests that fill them.

import { spawnSync } from "node:child_process";
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

function run(command, ...args) {
	const { error, status, stderr } = spawnSync(command, args);
	if (error) return error.message;
	return status === 0 ? undefined : `${command}: ${stderr}`.trim();
}

/** Mounts each kind at a directory, with its image; returns the error, if any. */
const MOUNTS = {
	tmpfs: (at, mib) => run("mount", "-t", "tmpfs", "-o", `size=${mib}m`, "banter", at),
	ext4(at, mib, image) {
		const options = ["-q", "-F", "-m", "0", "-O", "^has_journal", image, `${mib}m`];
		return run("mkfs.ext4", ...options) ?? run("mount", "-o", "loop,noatime", image, at);
	},
};

export const KINDS = Object.keys(MOUNTS);

/**
 * Creates one of this many MiB and runs body(directory) there. Resolves to the reason if that is
 * impossible.
 */
export async function withFileSystem(kind, mib, body) {
	const dir = mkdtempSync(join(tmpdir(), "banter-disk-"));
	const at = mkdtempSync(join(dir, "mount-"));
	try {
		const trouble = MOUNTS[kind](at, mib, join(dir, "image"));
		if (trouble !== undefined) return trouble;
		try {
			await body(at);
		} finally {
			run("umount", at);
		}
	} finally {
		rmSync(dir, { recursive: true, force: true });
	}
	return undefined;
}

/**
 * Writes a file until there is no room for more, not for one byte. What ext4 has set aside for its own
 * pages while the data was only in memory is free again when the data is on the disk; so it goes on
 * until that brings no more.
 */
export function fill(path) {
	const fd = openSync(path, "a");
	try {
		while (fillOnce(fd) > 0) fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
}

/** Appends large pieces, then small ones, until the disk is full. Returns the number of bytes. */
function fillOnce(fd) {
	let written = 0;
	for (let size = 64 * 1024; size >= 1; size = Math.floor(size / 8)) {
		const piece = Buffer.alloc(size, 1);
		try {
			for (;;) written += writeSync(fd, piece);
		} catch (error) {
			if (error.code !== "ENOSPC") throw error;
		}
	}
	return written;
}
