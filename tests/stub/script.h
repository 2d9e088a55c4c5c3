/*
 * The script of one reply: what the stand-in says, how fast, and how it fails.
 *
 * It starts as a copy of the server's defaults (the flags) and is changed by the directives in
 * the last user message: the first [[...]] in it, for example
 *     Hello [[tokens=50 delay=5 fail=429 fail-times=2 retry-after=1]]
 * One table in script.c names the directives; parsing and --help are made from it.
 */
#ifndef TESTS_STUB_SCRIPT_H
#define TESTS_STUB_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/stub/bytes.h"

#define SCRIPT_UNSET      UINT32_MAX
#define SCRIPT_TOKENS_MAX 1000000u

/* What the tokens are. */
enum script_reply {
	REPLY_AUTO,     /* demo; numbered once a number of tokens is asked for */
	REPLY_NUMBERED, /* "t0 " "t1 " ... */
	REPLY_STAMP,    /* "0:<CLOCK_MONOTONIC ns> " ... */
	REPLY_UNICODE,  /* a fixed round of difficult texts */
	REPLY_TEXT,     /* the given text */
	REPLY_ECHO,     /* the message without its directives */
	REPLY_EMPTY,    /* none at all */
	REPLY_RAW,      /* the pieces of the given text, each bare between a content's quotes */
	REPLY_WIRE,     /* the same, each bare between two events */
};

/* What goes wrong after so many tokens. The order is the one in which they strike. */
enum script_fault { FAULT_GARBAGE, FAULT_UTF8, FAULT_ERROR, FAULT_HANG, FAULT_CUT, FAULTS };

/* Before the first byte: 0 for nothing, an HTTP status, or one of these. */
enum { FAIL_HANG = 1, FAIL_CLOSE = 2 };

struct script {
	char *text; /* owned; for REPLY_TEXT, and as it was given for REPLY_RAW and _WIRE */
	uint64_t delay_ns;
	uint64_t first_delay_ns;
	uint32_t tokens; /* or SCRIPT_UNSET */
	uint32_t huge;   /* bytes of each token, or SCRIPT_UNSET */
	uint32_t split;  /* bytes of each write, 0 for no limit */
	uint32_t fail;
	uint32_t fail_times;        /* or SCRIPT_UNSET: every time */
	uint32_t retry_after;       /* seconds, or SCRIPT_UNSET */
	uint32_t no_stream_options; /* a status, or SCRIPT_UNSET */
	uint32_t after[FAULTS];     /* or SCRIPT_UNSET */
	uint32_t hold_after;        /* or SCRIPT_UNSET */
	uint32_t reply;             /* enum script_reply */
	const char *finish;         /* finish_reason */
	bool crlf;
	bool cr;
	bool bom;
	bool comments;
	bool lines;
	bool no_space;
	bool no_usage;
	bool rst;
	bool retry_date;
	bool echo_key;
};

/* The defaults when no flag changes them: the demo, 30 ms a token. */
void script_init(struct script *s);
void script_copy(struct script *to, const struct script *from);
void script_clear(struct script *s);

/*
 * Obeys the words of one directive (without the brackets). 0, or -1 with a sentence in why about
 * the first word that is unknown or has a wrong value; s is then half changed.
 */
[[gnu::warn_unused_result]] int script_parse(
    struct script *s, struct span words, char *why, size_t why_size);

/*
 * The words of the first [[...]] in a message: true, and in rest the message without it (and
 * without one space beside it). Brackets inside double quotes don't count. False: rest is all.
 */
bool script_find(struct span message, struct span *words, struct bytes *rest);

/*
 * Raw text is pieces with | between them, of any bytes: \xHH is the byte of that number, \n \r \t
 * are what they are in C, and a backslash before itself, a quote or a | makes it plain. This reads
 * the byte that s starts with: how many characters it took, or 0 if it is none.
 */
size_t script_raw_byte(struct span s, char *byte);

/* The table, for --help. */
void script_help(FILE *out);

#endif
