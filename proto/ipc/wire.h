/*
 * The wire format: frames, and one encoder and one decoder for all messages.
 *
 * A frame is a header of 16 bytes, little-endian, and a payload:
 *
 *	u32 length   bytes of the payload
 *	u16 type     the message's number in messages.def
 *	u16 flags    0 (reserved)
 *	u64 request  chosen by the requester, repeated in the reply; 0 if no reply is expected
 *
 * Header and payload together are at most WIRE_FRAME_MAX. A payload is the message's fields in the
 * order of the table: integers little-endian, ids and hashes as their bytes, text and bytes as u32
 * length and content, a list as u32 total length and then for each item u32 length and the item's
 * fields.
 *
 * The field table (messages.def) is data; the loops in wire.c handle all messages. Records in the
 * store have the same encoding, so that reading one for a peer is a copy.
 */
#ifndef PROTO_IPC_WIRE_H
#define PROTO_IPC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/base/buf.h"

#define WIRE_HEADER_SIZE 16
#define WIRE_FRAME_MAX   (1024u * 1024)
#define WIRE_PAYLOAD_MAX (WIRE_FRAME_MAX - WIRE_HEADER_SIZE)

enum wire_type {
	WIRE_END, /* ends a field table */
	WIRE_U8,
	WIRE_U16,
	WIRE_U32,
	WIRE_U64,
	WIRE_ID,    /* struct id */
	WIRE_HASH,  /* struct hash256 */
	WIRE_TEXT,  /* struct slice of valid UTF-8 */
	WIRE_BYTES, /* struct slice */
	WIRE_REC,   /* struct slice holding one encoded record of type item, or empty */
	WIRE_LIST, /* struct slice holding encoded records of type item; see wire_list_next() */
};

/* One field of a message. max is the greatest value of an integer (0: any), or the greatest length
 * in bytes of text, bytes, a record or a list. */
struct wire_field {
	const char *name;
	enum wire_type type;
	uint32_t max;
	uint16_t item; /* message number of a WIRE_REC's or WIRE_LIST's items */
	uint16_t offset;
};

/* The fields of a record by its message number; for the items of a WIRE_REC or WIRE_LIST. */
typedef const struct wire_field *wire_fields_fn(uint16_t type);

enum wire_result {
	WIRE_OK,
	WIRE_MORE,      /* the frame is incomplete */
	WIRE_OVERSIZE,  /* a frame over WIRE_FRAME_MAX */
	WIRE_FLAGS,     /* reserved flags are set */
	WIRE_UNKNOWN,   /* unknown message type */
	WIRE_FORBIDDEN, /* this peer may not send it, or not to us, or not now */
	WIRE_SHORT,     /* the payload ends inside a field */
	WIRE_TRAILING,  /* bytes after the last field */
	WIRE_RANGE,     /* a value or length over its maximum */
	WIRE_NOT_UTF8,
};

/* A received frame; the payload is borrowed from the buffer it was read from. */
struct frame {
	uint16_t type;
	uint64_t request;
	struct slice payload;
};

/* A name for log lines. */
const char *wire_result_name(enum wire_result r);

/* Reads or writes the integer field at its place in a decoded message. Writing truncates the number
 * to the field's type. */
uint64_t wire_number(const struct wire_field *field, const void *at);
void wire_set_number(const struct wire_field *field, void *at, uint64_t number);

/* Parses the frame at the front of in. WIRE_OK: *f and *size (bytes to consume) are set. WIRE_MORE:
 * incomplete. Anything else: close the connection. */
[[gnu::warn_unused_result]] enum wire_result wire_frame(
    struct slice in, struct frame *f, size_t *size);

/* Decodes a payload into the struct that fields describes, or only checks it if out is NULL. Text
 * and bytes are borrowed from payload. Checks lengths, maxima, UTF-8, every nested record, and that
 * nothing is left over. */
[[gnu::warn_unused_result]] enum wire_result wire_decode(const struct wire_field *fields,
    struct slice payload, wire_fields_fn *fields_of, void *out);

/* Appends the encoded fields of msg to out. 0, or -1 with nothing appended: ENOBUFS if out is full,
 * EMSGSIZE if a field exceeds its maximum (a bug of the caller). */
[[gnu::warn_unused_result]] int wire_encode(
    const struct wire_field *fields, const void *msg, struct buf *out);

/* Like wire_encode(), with a frame header before it. */
[[gnu::warn_unused_result]] int wire_encode_frame(const struct wire_field *fields,
    uint16_t type, uint64_t request, const void *msg, struct buf *out);

/* Takes the next item from a list; false at the end. The list must come from a decoded message. */
bool wire_list_next(struct slice *list, struct slice *item);

/* Encodes a record and appends it to a list under construction; 0, or -1 as wire_encode(). */
[[gnu::warn_unused_result]] int wire_list_encode(
    struct buf *list, const struct wire_field *fields, const void *msg);

/* Appends an encoded record to a list under construction; 0, or -1 with ENOBUFS. */
[[gnu::warn_unused_result]] int wire_list_add(struct buf *list, struct slice item);

#endif
