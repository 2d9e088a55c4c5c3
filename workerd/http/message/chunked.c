/*
 * A state machine. Its table has the bytes that each state accepts and the state that follows; any other
 * byte is an error. Only digits of a size and bytes of a chunk are handled outside the table.
 */
#include "workerd/http/message/chunked.h"

#include "proto/base/basics.h"
#include "proto/base/hex.h"
#include "workerd/http/message/byte_class.h"
#include "workerd/http/message/header_fields.h"

/* 64 bits, including leading zeros. */
#define SIZE_DIGITS 16

enum chunked_state {
	AT_SIZE, /* before the first digit */
	IN_SIZE,
	/* Extensions: EXTENSION_FIRST to EXTENSION_LAST. */
	BEFORE_EXTENSION, /* white space: a semicolon must follow */
	AT_NAME,
	IN_NAME,
	AFTER_NAME, /* white space */
	AT_VALUE,
	IN_VALUE,
	IN_QUOTES,
	AFTER_BACKSLASH,
	AFTER_QUOTES,
	AFTER_SIZE, /* before the LF */
	IN_CHUNK,
	AFTER_CHUNK, /* before the CR */
	AFTER_CHUNK_CR,
	/* Trailer: TRAILER_FIRST to TRAILER_LAST. */
	AT_FIELD,
	IN_FIELD_NAME,
	IN_FIELD_VALUE,
	AFTER_FIELD, /* before the LF */
	AFTER_TRAILER,
	AT_END,
	INVALID,
};
#define EXTENSION_FIRST BEFORE_EXTENSION
#define EXTENSION_LAST  AFTER_QUOTES
#define TRAILER_FIRST   AT_FIELD
#define TRAILER_LAST    AFTER_FIELD

/* A byte class as the wanted byte of a step. */
#define ANY(class) ((class) << 8)

static const struct chunked_step {
	uint16_t wanted; /* 0: no further steps */
	uint8_t next;
} steps[INVALID][5] = {
    [IN_SIZE] = {{'\r', AFTER_SIZE}, {';', AT_NAME}, {ANY(BYTE_SPACE), BEFORE_EXTENSION}},
    [BEFORE_EXTENSION] = {{';', AT_NAME}, {ANY(BYTE_SPACE), BEFORE_EXTENSION}},
    [AT_NAME] = {{ANY(BYTE_TOKEN), IN_NAME}, {ANY(BYTE_SPACE), AT_NAME}},
    [IN_NAME] = {{ANY(BYTE_TOKEN), IN_NAME}, {'=', AT_VALUE}, {';', AT_NAME},
	{'\r', AFTER_SIZE}, {ANY(BYTE_SPACE), AFTER_NAME}},
    [AFTER_NAME] = {{'=', AT_VALUE}, {';', AT_NAME}, {ANY(BYTE_SPACE), AFTER_NAME}},
    [AT_VALUE] = {{ANY(BYTE_TOKEN), IN_VALUE}, {'"', IN_QUOTES}, {ANY(BYTE_SPACE), AT_VALUE}},
    [IN_VALUE] = {{ANY(BYTE_TOKEN), IN_VALUE}, {';', AT_NAME}, {'\r', AFTER_SIZE},
	{ANY(BYTE_SPACE), BEFORE_EXTENSION}},
    [IN_QUOTES] = {{'"', AFTER_QUOTES}, {'\\', AFTER_BACKSLASH}, {ANY(BYTE_VALUE), IN_QUOTES}},
    [AFTER_BACKSLASH] = {{ANY(BYTE_VALUE), IN_QUOTES}},
    [AFTER_QUOTES] = {{';', AT_NAME}, {'\r', AFTER_SIZE}, {ANY(BYTE_SPACE), BEFORE_EXTENSION}},
    [AFTER_SIZE] = {{'\n', IN_CHUNK}},
    [AFTER_CHUNK] = {{'\r', AFTER_CHUNK_CR}},
    [AFTER_CHUNK_CR] = {{'\n', AT_SIZE}},
    [AT_FIELD] = {{ANY(BYTE_TOKEN), IN_FIELD_NAME}, {'\r', AFTER_TRAILER}},
    [IN_FIELD_NAME] = {{ANY(BYTE_TOKEN), IN_FIELD_NAME}, {':', IN_FIELD_VALUE}},
    [IN_FIELD_VALUE] = {{ANY(BYTE_VALUE), IN_FIELD_VALUE}, {'\r', AFTER_FIELD}},
    [AFTER_FIELD] = {{'\n', AT_FIELD}},
    [AFTER_TRAILER] = {{'\n', AT_END}},
};

/* Trailer fields that are refused. */
static const char *const forbidden[] = {
    "connection", "content-length", "host", "proxy-connection", "transfer-encoding", "upgrade"};

void
chunked_init(struct chunked *c, size_t body_max, size_t extra_max)
{
	must(body_max <= BUF_MAX && extra_max <= BUF_MAX);
	*c = (struct chunked){
	    .room = (uint32_t)body_max, .extra = (uint32_t)extra_max, .state = AT_SIZE};
}

static enum chunked_state
chunked_next_state(const struct chunked *c, uint8_t byte)
{
	const struct chunked_step *step = steps[c->state];

	for (size_t i = 0; i < ARRAY_LEN(steps[0]) && step[i].wanted != 0; i++)
		if (step[i].wanted == byte || (step[i].wanted >> 8 & byte_class[byte]) != 0)
			return (enum chunked_state)step[i].next;
	return INVALID;
}

/* 0, or the status. */
static int
chunked_take_digit(struct chunked *c, int digit)
{
	if (c->digits == SIZE_DIGITS)
		return 400;
	c->digits++;
	c->left = c->left << 4 | (unsigned)digit;
	c->state = IN_SIZE;
	return 0;
}

/* The size has ended. 0, or the status. */
static int
chunked_end_size(struct chunked *c)
{
	c->digits = 0;
	if (c->left > c->room)
		return 413;
	c->room -= (uint32_t)c->left;
	return 0;
}

/* Counts a byte of an extension or a trailer field. 0, or the status. */
static int
chunked_count(struct chunked *c)
{
	bool extension = c->state >= EXTENSION_FIRST && c->state <= EXTENSION_LAST;
	bool trailer = c->state >= TRAILER_FIRST && c->state <= TRAILER_LAST;

	if (!extension && !trailer)
		return 0;
	if (c->extra == 0)
		return extension ? 413 : 431;
	c->extra--;
	return 0;
}

/* Takes a byte of the name of a trailer field. */
static void
chunked_take_name(struct chunked *c, uint8_t byte)
{
	if (c->state == AT_FIELD)
		c->named = 0;
	if (c->named < sizeof(c->name))
		c->name[c->named++] = byte;
}

static bool
chunked_is_forbidden(const struct chunked *c)
{
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
		if (header_equals((struct slice){c->name, c->named}, forbidden[i]))
			return true;
	return false;
}

/* What the step to the next state means. 0, or the status. */
static int
chunked_take_step(struct chunked *c, uint8_t byte, enum chunked_state next)
{
	if (c->state == IN_SIZE)
		return chunked_end_size(c);
	if (next == IN_FIELD_NAME)
		chunked_take_name(c, byte);
	if (c->state == IN_FIELD_NAME && byte == ':' && chunked_is_forbidden(c))
		return 400;
	return chunked_count(c);
}

/* Takes a byte outside the chunks. 0, or the status. */
static int
chunked_take(struct chunked *c, uint8_t byte)
{
	int digit = c->state <= IN_SIZE ? hex_value(byte) : -1;
	enum chunked_state next;
	int status;

	if (digit != -1)
		return chunked_take_digit(c, digit);
	next = chunked_next_state(c, byte);
	if (next == INVALID)
		return 400;
	status = chunked_take_step(c, byte, next);
	/* A size of 0 marks the last chunk. */
	if (next == IN_CHUNK && c->left == 0)
		next = AT_FIELD;
	c->state = (uint8_t)next;
	return status;
}

static void
chunked_take_piece(struct chunked *c, struct slice *in, struct slice *piece)
{
	size_t n = in->len < c->left ? in->len : (size_t)c->left;

	*piece = (struct slice){in->p, n};
	*in = (struct slice){in->p + n, in->len - n};
	c->left -= n;
	if (c->left == 0)
		c->state = AFTER_CHUNK;
}

enum chunked_result
chunked_read(struct chunked *c, struct slice *in, struct slice *piece, int *status)
{
	for (; in->len > 0 && c->state != AT_END; in->p++, in->len--) {
		if (c->state == IN_CHUNK) {
			chunked_take_piece(c, in, piece);
			return CHUNKED_PIECE;
		}
		*status = chunked_take(c, *in->p);
		if (*status != 0)
			return CHUNKED_BAD;
	}
	return c->state == AT_END ? CHUNKED_END : CHUNKED_MORE;
}

size_t
chunked_left(const struct chunked *c)
{
	return c->state == IN_CHUNK ? (size_t)c->left : 0;
}
