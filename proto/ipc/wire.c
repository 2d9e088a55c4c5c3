/*
 * The one encoder and the one decoder. Both walk a table of fields; neither knows any message.
 *
 * A record inside a message (WIRE_REC, WIRE_LIST) is checked when the message is decoded, so that
 * whoever walks a list later need not look again. Records hold no records: the depth is one.
 */
#include "proto/ipc/wire.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "proto/ipc/messages.h"

static uint64_t
load_le(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return le64toh(v);
}

static void
store_le(uint8_t *p, uint64_t v, size_t n)
{
	v = htole64(v);
	memcpy(p, &v, n);
}

/* Bytes that a field of fixed size takes on the wire; 0 for those with a length before them. */
static size_t
fixed_size(enum wire_type type)
{
	switch (type) {
	case WIRE_U8:
		return 1;
	case WIRE_U16:
		return 2;
	case WIRE_U32:
		return 4;
	case WIRE_U64:
		return 8;
	case WIRE_ID:
		return sizeof(struct id);
	case WIRE_HASH:
		return sizeof(struct hash256);
	case WIRE_END:
	case WIRE_TEXT:
	case WIRE_BYTES:
	case WIRE_REC:
	case WIRE_LIST:
		return 0;
	}
	never("unknown wire type");
}

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
	length = (size_t)load_le(in.p, 4);
	if (length > WIRE_PAYLOAD_MAX)
		return WIRE_OVERSIZE;
	if (load_le(in.p + 6, 2) != 0)
		return WIRE_FLAGS;
	if (in.len - WIRE_HEADER_SIZE < length)
		return WIRE_MORE;
	f->type = (uint16_t)load_le(in.p + 4, 2);
	f->request = load_le(in.p + 8, 8);
	f->payload = (struct slice){in.p + WIRE_HEADER_SIZE, length};
	*size = WIRE_HEADER_SIZE + length;
	return WIRE_OK;
}

/* Takes n bytes off the front of in; false when it has fewer. */
static bool
take(struct slice *in, size_t n, struct slice *out)
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
take_counted(struct slice *in, struct slice *out)
{
	struct slice length;

	return take(in, 4, &length) && take(in, (size_t)load_le(length.p, 4), out);
}

static enum wire_result check_fields(const struct wire_field *fields, struct slice in);

/* Whether in is a list of whole, valid records of one type. */
static enum wire_result
check_list(uint16_t item_type, struct slice in)
{
	const struct wire_field *item_fields = msg_desc(item_type)->fields;
	struct slice item;

	while (in.len > 0) {
		enum wire_result r;

		if (!take_counted(&in, &item))
			return WIRE_SHORT;
		r = check_fields(item_fields, item);
		if (r != WIRE_OK)
			return r;
	}
	return WIRE_OK;
}

/* Whether the bytes of a field with a length are what its type asks for. */
static enum wire_result
check_content(const struct wire_field *field, struct slice content)
{
	if (content.len > field->max)
		return WIRE_RANGE;
	switch (field->type) {
	case WIRE_TEXT:
		return utf8_valid(content) ? WIRE_OK : WIRE_NOT_UTF8;
	case WIRE_REC:
		return content.len == 0 ? WIRE_OK
					: check_fields(msg_desc(field->item)->fields, content);
	case WIRE_LIST:
		return check_list(field->item, content);
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

/* Reads one field off the front of in, into its place in out, or nowhere when out is NULL. */
static enum wire_result
decode_field(const struct wire_field *field, struct slice *in, uint8_t *out)
{
	size_t size = fixed_size(field->type);
	struct slice content;
	enum wire_result r;
	uint64_t number;

	if (size == 0) {
		if (!take_counted(in, &content))
			return WIRE_SHORT;
		r = check_content(field, content);
		if (r == WIRE_OK && out != NULL)
			memcpy(out + field->offset, &content, sizeof(content));
		return r;
	}
	if (!take(in, size, &content))
		return WIRE_SHORT;
	if (field->type == WIRE_ID || field->type == WIRE_HASH) {
		if (out != NULL)
			memcpy(out + field->offset, content.p, size);
		return WIRE_OK;
	}
	number = load_le(content.p, size);
	if (field->max != 0 && number > field->max)
		return WIRE_RANGE;
	if (out == NULL)
		return WIRE_OK;
	wire_set_number(field, out + field->offset, number);
	return WIRE_OK;
}

static enum wire_result
decode_fields(const struct wire_field *fields, struct slice in, void *out)
{
	for (; fields->type != WIRE_END; fields++) {
		enum wire_result r = decode_field(fields, &in, out);

		if (r != WIRE_OK)
			return r;
	}
	return in.len == 0 ? WIRE_OK : WIRE_TRAILING;
}

/* A record inside a message is looked at, not filled in. It holds no further records (a test of
 * the table keeps that), so this goes no deeper than one call. */
static enum wire_result
check_fields(const struct wire_field *fields, struct slice in)
{
	return decode_fields(fields, in, NULL);
}

enum wire_result
wire_decode(const struct wire_field *fields, struct slice payload, void *out)
{
	return decode_fields(fields, payload, out);
}

static const struct slice *
field_slice(const struct wire_field *field, const void *msg)
{
	return (const struct slice *)(const void *)((const uint8_t *)msg + field->offset);
}

/* The encoded size of msg, or -1 with EMSGSIZE when a field is over its maximum. */
static ssize_t
encoded_size(const struct wire_field *fields, const void *msg)
{
	size_t total = 0;

	for (; fields->type != WIRE_END; fields++) {
		const uint8_t *at = (const uint8_t *)msg + fields->offset;
		size_t size = fixed_size(fields->type);
		bool over;

		if (size == 0) {
			size = field_slice(fields, msg)->len;
			over = size > fields->max;
			total += 4;
		} else {
			over = size <= 8 && fields->max != 0 &&
			    wire_number(fields, at) > fields->max;
		}
		if (over || total + size > WIRE_PAYLOAD_MAX) {
			errno = EMSGSIZE;
			return -1;
		}
		total += size;
	}
	return (ssize_t)total;
}

/* Writes the fields to a place that is large enough. */
static void
encode_fields(const struct wire_field *fields, const void *msg, uint8_t *p)
{
	for (; fields->type != WIRE_END; fields++) {
		const uint8_t *at = (const uint8_t *)msg + fields->offset;
		size_t size = fixed_size(fields->type);

		if (size == 0) {
			const struct slice *s = field_slice(fields, msg);

			store_le(p, s->len, 4);
			if (s->len > 0)
				memcpy(p + 4, s->p, s->len);
			p += 4 + s->len;
			continue;
		}
		if (size <= 8)
			store_le(p, wire_number(fields, at), size);
		else
			memcpy(p, at, size);
		p += size;
	}
}

int
wire_encode(const struct wire_field *fields, const void *msg, struct buf *out)
{
	ssize_t size = encoded_size(fields, msg);
	uint8_t *p;

	if (size == -1)
		return -1;
	p = buf_reserve(out, (size_t)size);
	if (p == NULL)
		return -1;
	encode_fields(fields, msg, p);
	buf_commit(out, (size_t)size);
	return 0;
}

int
wire_encode_frame(const struct wire_field *fields, uint16_t type, uint64_t request,
    const void *msg, struct buf *out)
{
	ssize_t size = encoded_size(fields, msg);
	uint8_t *p;

	if (size == -1)
		return -1;
	p = buf_reserve(out, WIRE_HEADER_SIZE + (size_t)size);
	if (p == NULL)
		return -1;
	store_le(p, (uint64_t)size, 4);
	store_le(p + 4, type, 2);
	store_le(p + 6, 0, 2);
	store_le(p + 8, request, 8);
	encode_fields(fields, msg, p + WIRE_HEADER_SIZE);
	buf_commit(out, WIRE_HEADER_SIZE + (size_t)size);
	return 0;
}

bool
wire_list_next(struct slice *list, struct slice *item)
{
	return list->len > 0 && take_counted(list, item);
}

int
wire_list_add(struct buf *list, struct slice item)
{
	uint8_t *p = buf_reserve(list, 4 + item.len);

	if (p == NULL)
		return -1;
	store_le(p, item.len, 4);
	memcpy(p + 4, item.p, item.len);
	buf_commit(list, 4 + item.len);
	return 0;
}
