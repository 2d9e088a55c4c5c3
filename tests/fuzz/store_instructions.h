/*
 * The instructions of an input: requests to the store of store_harness.h, described as data.
 *
 *	{'f', MSG_TURN_FINISH, .words = "client turn run=turn status text"}
 *
 * The letter selects the instruction. The words are fields of the message in the order in which the
 * input gives their values; all other fields are zero:
 *
 *	FIELD         one byte of the input selects a value, of the kind with this name; without such
 *	              a kind, of the kind of its type: id, hash, text, u32, u64. A u8 without a kind
 *	              gets any value within its maximum
 *	FIELD:KIND    the same, of this kind
 *	FIELD:NUMBER  a number less than this
 *	FIELD=VALUE   always this number or text, or the value of another field
 *	client        the client that sends this request and the following ones
 *	disconnect    a client that is replaced by a new one
 *	-             skips a byte
 *
 * With a record (MSG_…_RECORD), its number becomes the message's kind or type. If the message has a
 * field for the record, words are first looked up in the record.
 */
#ifndef TESTS_FUZZ_STORE_INSTRUCTIONS_H
#define TESTS_FUZZ_STORE_INSTRUCTIONS_H

#include "tests/fuzz/store_harness.h"

/* The message that an instruction fills. */
struct request {
	const struct msg_desc *desc, *record_desc; /* NULL: none */
	union msg msg, record;
};

/* In a list of numbers: the current time in ms, and times after it. */
#define NOW (UINT64_C(1) << 60)

/* A set of values; one member is set. The functions take a byte from the input, or more or none. */
struct value_kind {
	const char *name;
	struct id (*id)(struct slice *in);
	struct hash256 (*hash)(struct slice *in);
	uint64_t numbers[16]; /* n of them; above the field's maximum stands for it */
	unsigned n;
	struct slice (*text)(struct slice *in, size_t max);
	const char *texts[9];                              /* up to the first NULL */
	void (*fill)(struct slice *in, struct request *r); /* several fields */
};

struct instruction {
	char letter;
	enum msg_type type;   /* 0: sends nothing */
	enum msg_type record; /* 0: none */
	const char *words;
	/* After the words, a byte selects one of these instructions. */
	const struct instruction *one_of;
	size_t n;
	void (*act)(void); /* instead of a request */
};

/* A target's kinds and instructions. The last instruction is slow: only its own letter selects it,
 * while any other byte selects one of the rest. */
struct language {
	const struct value_kind *kinds;
	size_t n_kinds;
	const struct instruction *table;
	size_t n;
};

/* Runs an input to its end or to the limit of instructions; blanks and line ends are ignored. */
void instructions_run(const struct language *language, struct slice in);

/* Takes a byte, and returns a number less than this. */
unsigned choose(struct slice *in, unsigned values);

/* The place of a request's field, or NULL. */
void *request_field(struct request *r, const char *name);

/* Sets a field, if the request has it. */
void request_set_id(struct request *r, const char *name, struct id id);
void request_set_text(struct request *r, const char *name, struct slice text);

#endif
