/*
 * The script of one reply: what the stub sends, how fast, and how it fails.
 *
 * Initially a copy of the server's defaults (the flags), then changed by the directives in the last
 * user message: the first [[...]] behind its last empty line, for example
 *	Hello [[tokens=50 delay=5 fail=429 fail-times=2 retry-after=1]]
 * One table in script.c lists the directives, for parsing and --help.
 */
#ifndef TESTS_STUB_SCRIPT_H
#define TESTS_STUB_SCRIPT_H

#include <stdio.h>

#include "tests/stub/put.h"

#define SCRIPT_UNSET      UINT32_MAX
#define SCRIPT_TOKENS_MAX 1000000u

/* The content of the tokens. */
enum script_reply {
	REPLY_AUTO,     /* demo; numbered if the script sets a number of tokens */
	REPLY_NUMBERED, /* "t0 " "t1 " ... */
	REPLY_STAMP,    /* "0:<CLOCK_MONOTONIC ns> " ... */
	REPLY_UNICODE,  /* a fixed sequence of difficult texts */
	REPLY_TEXT,     /* the given text */
	REPLY_ECHO,     /* the message without its directives */
	REPLY_EMPTY,    /* no tokens */
	REPLY_RAW, /* the pieces of the given text, each unescaped between the quotes of a content */
	REPLY_WIRE, /* the same, each unescaped between two events */
};

/* Faults after a number of tokens, in the order in which they are applied. */
enum script_fault { FAULT_GARBAGE, FAULT_ERROR, FAULT_HANG, FAULT_CUT, FAULTS };

/* Failure before the first byte: 0 for none, an HTTP status, or one of these. */
enum { FAIL_HANG = 1, FAIL_CLOSE = 2 };

struct script {
	char *text; /* owned; for REPLY_TEXT, and unparsed for REPLY_RAW and _WIRE */
	uint64_t delay_ns;
	uint64_t first_delay_ns;
	uint32_t tokens; /* or SCRIPT_UNSET */
	uint32_t huge;   /* bytes of each token, or SCRIPT_UNSET */
	uint32_t fail;
	uint32_t fail_times;        /* or SCRIPT_UNSET: every time */
	uint32_t retry_after;       /* seconds, or SCRIPT_UNSET */
	uint32_t no_stream_options; /* a status, or SCRIPT_UNSET */
	uint32_t no_tools;          /* the same */
	uint32_t only_responses;    /* the same */
	uint32_t after[FAULTS];     /* or SCRIPT_UNSET */
	uint32_t hold_after;        /* or SCRIPT_UNSET */
	uint32_t reply;             /* enum script_reply */
	const char *finish;         /* finish_reason */
	bool hand_over;
	bool no_usage;
	bool rst;
	bool echo_key;
};

/* The defaults without flags: the demo, 30 ms per token. */
void script_init(struct script *s);
void script_copy(struct script *to, const struct script *from);
void script_clear(struct script *s);

/* Applies the words of one directive (without the brackets). 0, or -1 with a message in why about
 * the first word that is unknown or has an invalid value; s is partly changed then. */
[[gnu::warn_unused_result]] int script_parse(
    struct script *s, const char *words, char *why, size_t why_size);

/* The words of the first [[...]] in a message, to be freed: rest is the message without it (and
 * without one space beside it). Brackets inside double quotes are ignored. NULL if there is none:
 * rest is the whole message. */
char *script_find(struct slice message, struct buf *rest);

/* Raw text consists of pieces separated by |, of any bytes: \xHH is a byte by number, \n \r \t are
 * as in C, and a backslash quotes itself, a quote or a |. Parses the byte at the start of s:
 * returns the number of characters, or 0 if it is invalid. */
size_t script_raw_byte(const char *s, char *byte);

/* Prints the table for --help. */
void script_help(FILE *out);

#endif
