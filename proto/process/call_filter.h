/*
 * A daemon that serves makes only the system calls of its list (syscalls.def), also without systemd:
 * an attacker who takes it over starts no program, reads no other process, and storaged opens no
 * connection.
 */
#ifndef PROTO_PROCESS_CALL_FILTER_H
#define PROTO_PROCESS_CALL_FILTER_H

/* Whose list. */
enum call_filter_calls {
	CALLS_WORKER = 1,
	CALLS_STORE = 2,
	CALLS_SEARCH = 8,
	CALLS_CRAWL = 16,
	CALLS_EXTRACT = 32, /* crawl-extract, which reads documents of strangers */
	CALLS_PROGRAM = 64, /* pdftotext, from before exec(2) on */
	CALLS_MAIL = 256,
	CALLS_MEDIAD = 1024,
	CALLS_MEDIA = 512, /* media-extract, which reads pictures of strangers */
	CALLS_STORE_LOG = 128 |
	    CALLS_STORE, /* the store that has a commit log, which it reaches over a Unix socket */
};

/* From now on every thread of the process can make only these calls. Others fail with EPERM, calls
 * without a known name with ENOSYS, and the first of each kind is logged (ev=call_refused). If the
 * kernel refuses the filter, logs a warning and changes nothing. To be called after
 * privileges_renounce(). No thread may block SIGSYS. */
void call_filter_start(enum call_filter_calls calls);

/* Likewise for the program that this process will run: it knows nothing of the filter, so nothing is logged. 0, or -1
 * if the kernel refuses the filter. */
[[gnu::warn_unused_result]] int call_filter_start_program(enum call_filter_calls calls);

#endif
