/*
 * The encoder and the decoder walk a table of fields; neither knows any message.
 *
 * Records inside a message (WIRE_REC, WIRE_LIST) are checked when the message is decoded, so that
 * code that walks a list later need not check again. Records contain no records: the depth is one.
 */
#include "proto/ipc/wire.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/ids.h"
#include "proto/base/secrets.h"
#include "proto/base/utf8.h"

/* A number of 1, 2, 4 or 8 bytes. The cases give memcpy() constant sizes, so that it needs no call (make
 * bench-store). */
static uint64_t
wire_load_le(const uint8_t *p, size_t n)
{
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	switch (n) {
	case 1:
		return *p;
	case 2:
		memcpy(&two, p, 2);
		return le16toh(two);
	case 4:
		memcpy(&four, p, 4);
		return le32toh(four);
	default:
		memcpy(&eight, p, 8);
		return le64toh(eight);
	}
}

static void
wire_store_le(uint8_t *p, uint64_t v, size_t n)
{
	v = htole64(v);
	switch (n) {
	case 1:
		*p = (uint8_t)v;
		break;
	case 2:
		memcpy(p, &v, 2);
		break;
	case 4:
		memcpy(p, &v, 4);
		break;
	default:
		memcpy(p, &v, 8);
	}
}

/* Encoded sizes of fields; 0 for types with a length prefix. */
static const uint8_t wire_sizes[] = {
    [WIRE_U8] = 1,
    [WIRE_U16] = 2,
    [WIRE_U32] = 4,
    [WIRE_U64] = 8,
    [WIRE_ID] = sizeof(struct id),
    [WIRE_HASH] = sizeof(struct hash256),
    [WIRE_LIST] = 0, /* the last one */
};

const char *
wire_result_name(enum wire_result r)
{
	static const char *const names[] = {
	    [WIRE_OK] = "ok",
	    [WIRE_MORE] = "incomplete",
	    [WIRE_OVERSIZE] = "oversize",
	    [WIRE_FLAGS] = "reserved_flags",
	    [WIRE_UNKNOWN] = "unknown_type",
	    [WIRE_FORBIDDEN] = "forbidden",
	    [WIRE_SHORT] = "short",
	    [WIRE_TRAILING] = "trailing_bytes",
	    [WIRE_RANGE] = "out_of_range",
	    [WIRE_NOT_UTF8] = "not_utf8",
	};

	return names[r];
}

enum wire_result
wire_frame(struct slice in, struct frame *f, size_t *size)
{
	size_t length;

	if (in.len < WIRE_HEADER_SIZE)
		return WIRE_MORE;
	length = (size_t)wire_load_le(in.p, 4);
	if (length > WIRE_PAYLOAD_MAX)
		return WIRE_OVERSIZE;
	if (wire_load_le(in.p + 6, 2) != 0)
		return WIRE_FLAGS;
	if (in.len - WIRE_HEADER_SIZE < length)
		return WIRE_MORE;
	f->type = (uint16_t)wire_load_le(in.p + 4, 2);
	f->request = wire_load_le(in.p + 8, 8);
	f->payload = (struct slice){in.p + WIRE_HEADER_SIZE, length};
	*size = WIRE_HEADER_SIZE + length;
	return WIRE_OK;
}

/* Takes n bytes from the front of in; false if it has fewer. */
static bool
wire_take(struct slice *in, size_t n, struct slice *out)
{
	if (in->len < n)
		return false;
	*out = (struct slice){in->p, n};
	in->p += n;
	in->len -= n;
	return true;
}

/* Takes a u32 length and as many bytes. */
static bool
wire_take_counted(struct slice *in, struct slice *out)
{
	struct slice length;

	return wire_take(in, 4, &length) &&
	    wire_take(in, (size_t)wire_load_le(length.p, 4), out);
}

static enum wire_result wire_check_record(
    const struct wire_field *fields, struct slice in, wire_fields_fn *fields_of);

/* Whether in is a sequence of complete, valid records of one type. */
static enum wire_result
wire_check_list(
    const struct wire_field *item_fields, struct slice in, wire_fields_fn *fields_of)
{
	struct slice item;

	while (in.len > 0) {
		enum wire_result r;

		if (!wire_take_counted(&in, &item))
			return WIRE_SHORT;
		r = wire_check_record(item_fields, item, fields_of);
		if (r != WIRE_OK)
			return r;
	}
	return WIRE_OK;
}

/* Whether the content of a field with a length prefix is valid for its type. */
static enum wire_result
wire_check_content(
    const struct wire_field *field, struct slice content, wire_fields_fn *fields_of)
{
	if (content.len > field->max)
		return WIRE_RANGE;
	switch (field->type) {
	case WIRE_TEXT:
		return utf8_valid(content) ? WIRE_OK : WIRE_NOT_UTF8;
	case WIRE_REC:
		return content.len == 0
		    ? WIRE_OK
		    : wire_check_record(fields_of(field->item), content, fields_of);
	case WIRE_LIST:
		return wire_check_list(fields_of(field->item), content, fields_of);
	default:
		return WIRE_OK;
	}
}

uint64_t
wire_number(const struct wire_field *field, const void *at)
{
	switch (field->type) {
	case WIRE_U8:
		return *(const uint8_t *)at;
	case WIRE_U16:
		return *(const uint16_t *)at;
	case WIRE_U32:
		return *(const uint32_t *)at;
	case WIRE_U64:
		return *(const uint64_t *)at;
	default:
		never("no number");
	}
}

void
wire_set_number(const struct wire_field *field, void *at, uint64_t number)
{
	switch (field->type) {
	case WIRE_U8:
		*(uint8_t *)at = (uint8_t)number;
		break;
	case WIRE_U16:
		*(uint16_t *)at = (uint16_t)number;
		break;
	case WIRE_U32:
		*(uint32_t *)at = (uint32_t)number;
		break;
	case WIRE_U64:
		*(uint64_t *)at = number;
		break;
	default:
		never("no number");
	}
}

/* Decodes a field with a length prefix from the front of in. */
static enum wire_result
wire_decode_content(const struct wire_field *field, struct slice *in, wire_fields_fn *fields_of,
    struct slice *to)
{
	if (!wire_take_counted(in, to))
		return WIRE_SHORT;
	return wire_check_content(field, *to, fields_of);
}

/* Decodes a field of fixed size. */
static inline enum wire_result
wire_decode_fixed(const struct wire_field *field, const uint8_t *p, void *to)
{
	uint64_t number;

	switch (field->type) {
	case WIRE_U8:
		number = *(uint8_t *)to = *p;
		break;
	case WIRE_U16:
		number = *(uint16_t *)to = (uint16_t)wire_load_le(p, 2);
		break;
	case WIRE_U32:
		number = *(uint32_t *)to = (uint32_t)wire_load_le(p, 4);
		break;
	case WIRE_U64:
		number = *(uint64_t *)to = wire_load_le(p, 8);
		break;
	case WIRE_ID:
		memcpy(to, p, sizeof(struct id));
		return WIRE_OK;
	default:
		memcpy(to, p, sizeof(struct hash256));
		return WIRE_OK;
	}
	return field->max != 0 && number > field->max ? WIRE_RANGE : WIRE_OK;
}

enum wire_result
wire_decode(
    const struct wire_field *fields, struct slice payload, wire_fields_fn *fields_of, void *out)
{
	union {
		uint64_t number;
		struct hash256 hash;
		struct slice slice;
	} checked;

	for (; fields->type != WIRE_END; fields++) {
		void *to = out == NULL ? (void *)&checked : (uint8_t *)out + fields->offset;
		size_t size = wire_sizes[fields->type];
		enum wire_result r;

		if (payload.len < size)
			return WIRE_SHORT;
		if (size == 0) {
			r = wire_decode_content(fields, &payload, fields_of, to);
		} else {
			r = wire_decode_fixed(fields, payload.p, to);
			payload.p += size;
			payload.len -= size;
		}
		if (r != WIRE_OK)
			return r;
	}
	return payload.len == 0 ? WIRE_OK : WIRE_TRAILING;
}

/* A record in a record contains no further one (a unit test of the table checks it): this recurses twice at
 * most. */
static enum wire_result
wire_check_record(const struct wire_field *fields, struct slice in, wire_fields_fn *fields_of)
{
	return wire_decode(fields, in, fields_of, NULL);
}

static const struct slice *
wire_field_slice(const struct wire_field *field, const void *msg)
{
	return (const struct slice *)(const void *)((const uint8_t *)msg + field->offset);
}

/* The encoded size of msg, or -1 with EMSGSIZE if a field exceeds its maximum. */
static ssize_t
wire_encoded_size(const struct wire_field *fields, const void *msg)
{
	size_t total = 0;
	bool over = false;

	for (; fields->type != WIRE_END; fields++) {
		size_t size = wire_sizes[fields->type];

		if (size == 0) {
			size = wire_field_slice(fields, msg)->len;
			over |= size > fields->max;
			size += 4;
		} else if (fields->max != 0) {
			over |= size <= 8 &&
			    wire_number(fields, (const uint8_t *)msg + fields->offset) >
				fields->max;
		}
		total += size;
	}
	if (!over)
		return (ssize_t)total;
	errno = EMSGSIZE;
	return -1;
}

/* Writes a field with its length to p. Returns the end. */
static uint8_t *
wire_encode_content(const struct slice *s, uint8_t *p)
{
	wire_store_le(p, s->len, 4);
	if (s->len > 0)
		memcpy(p + 4, s->p, s->len);
	return p + 4 + s->len;
}

/* Writes a field to p, which has room for it. Returns the end. An append encodes and decodes some hundred fields:
 * one switch, with constant sizes, is a third cheaper than general loops (make bench-store). */
static inline uint8_t *
wire_encode_field(const struct wire_field *field, const void *at, uint8_t *p)
{
	switch (field->type) {
	case WIRE_U8:
		*p = *(const uint8_t *)at;
		return p + 1;
	case WIRE_U16:
		wire_store_le(p, *(const uint16_t *)at, 2);
		return p + 2;
	case WIRE_U32:
		wire_store_le(p, *(const uint32_t *)at, 4);
		return p + 4;
	case WIRE_U64:
		wire_store_le(p, *(const uint64_t *)at, 8);
		return p + 8;
	case WIRE_ID:
		memcpy(p, at, sizeof(struct id));
		return p + sizeof(struct id);
	case WIRE_HASH:
		memcpy(p, at, sizeof(struct hash256));
		return p + sizeof(struct hash256);
	default:
		return wire_encode_content(at, p);
	}
}

/* Writes the fields to p, which has room for them. */
static void
wire_encode_fields(const struct wire_field *fields, const void *msg, uint8_t *p)
{
	for (; fields->type != WIRE_END; fields++)
		p = wire_encode_field(fields, (const uint8_t *)msg + fields->offset, p);
}

int
wire_encode(const struct wire_field *fields, const void *msg, struct buf *out)
{
	ssize_t size = wire_encoded_size(fields, msg);
	uint8_t *p;

	if (size == -1)
		return -1;
	p = buf_reserve(out, (size_t)size);
	if (p == NULL)
		return -1;
	wire_encode_fields(fields, msg, p);
	buf_commit(out, (size_t)size);
	return 0;
}

int
wire_encode_frame(const struct wire_field *fields, uint16_t type, uint64_t request,
    const void *msg, struct buf *out)
{
	ssize_t size = wire_encoded_size(fields, msg);
	uint8_t *p;

	if (size == -1)
		return -1;
	if (size > WIRE_PAYLOAD_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	p = buf_reserve(out, WIRE_HEADER_SIZE + (size_t)size);
	if (p == NULL)
		return -1;
	wire_store_le(p, (uint64_t)size, 4);
	wire_store_le(p + 4, type, 2);
	wire_store_le(p + 6, 0, 2);
	wire_store_le(p + 8, request, 8);
	wire_encode_fields(fields, msg, p + WIRE_HEADER_SIZE);
	buf_commit(out, WIRE_HEADER_SIZE + (size_t)size);
	return 0;
}

bool
wire_list_next(struct slice *list, struct slice *item)
{
	return list->len > 0 && wire_take_counted(list, item);
}

int
wire_list_encode(struct buf *list, const struct wire_field *fields, const void *msg)
{
	ssize_t size = wire_encoded_size(fields, msg);
	uint8_t *p = size == -1 ? NULL : buf_reserve(list, 4 + (size_t)size);

	if (p == NULL)
		return -1;
	wire_store_le(p, (uint64_t)size, 4);
	wire_encode_fields(fields, msg, p + 4);
	buf_commit(list, 4 + (size_t)size);
	return 0;
}

int
wire_list_add(struct buf *list, struct slice item)
{
	uint8_t *p = buf_reserve(list, 4 + item.len);

	if (p == NULL)
		return -1;
	wire_store_le(p, item.len, 4);
	memcpy(p + 4, item.p, item.len);
	buf_commit(list, 4 + item.len);
	return 0;
}
