/*
 * The message table, made from messages.def.
 */
#include "proto/ipc/messages.h"

#include <inttypes.h>

#include "proto/base/basics.h"

/* Never change these: every store contains them. */
const struct id id_default_org = {
    {0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1},
};
const struct id id_default_widget = {
    {0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 2},
};
const struct id id_default_agent = {
    {0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 3},
};

/* The fields of each message. */
#define MESSAGE(number, NAME, name, from, to, when) \
	static const struct wire_field name##_fields[] = {
#define FIELD(msg, type, field, max, item) \
	{#field, WIRE_##type, (max), (item), (uint16_t)offsetof(struct msg_##msg, field)},
#define END(name)                       \
	{                               \
		NULL, WIRE_END, 0, 0, 0 \
	}                               \
	}                               \
	;
#include "proto/ipc/messages.def"

/* The roles as messages.def writes them. */
enum {
	NONE = ROLE_NONE,
	MASTER = ROLE_MASTER,
	WORKER = ROLE_WORKER,
	STORE = ROLE_STORE,
	TOOL = ROLE_TOOL,
	SEARCH = ROLE_SEARCH,
	CRAWL = ROLE_CRAWL,
	MAIL = ROLE_MAIL,
	MEDIA = ROLE_MEDIA,
	ANY = ROLE_ANY
};

static const struct msg_desc table[] = {
#define MESSAGE(number, NAME, name, from, to, when) \
	{number, #name, (unsigned)(from), (unsigned)(to), WHEN_##when, name##_fields},
#define FIELD(msg, type, field, max, item)
#define END(name)
#include "proto/ipc/messages.def"
};

const struct msg_desc *
msg_table(size_t *n)
{
	*n = ARRAY_LEN(table);
	return table;
}

/* Each message's position in the table. */
enum {
#define MESSAGE(number, NAME, name, from, to, when) POSITION_##name,
#define FIELD(msg, type, field, max, item)
#define END(name)
#include "proto/ipc/messages.def"
};

/* By number: every record is looked up here (make bench-store). The compiler refuses two numbers with the same
 * place. */
#define FAMILIES 32
#define MEMBERS  64
static const struct msg_desc *const by_number[FAMILIES][MEMBERS] = {
#define MESSAGE(number, NAME, name, from, to, when) \
	[(number) >> 8 & (FAMILIES - 1)][(number) & (MEMBERS - 1)] = &table[POSITION_##name],
#define FIELD(msg, type, field, max, item)
#define END(name)
#include "proto/ipc/messages.def"
};

const struct msg_desc *
msg_desc(uint16_t type)
{
	const struct msg_desc *d = by_number[type >> 8 & (FAMILIES - 1)][type & (MEMBERS - 1)];

	return d != NULL && d->type == type ? d : NULL;
}

const char *
msg_name(uint16_t type)
{
	const struct msg_desc *d = msg_desc(type);

	return d == NULL ? "unknown" : d->name;
}

/* The description of a type that must exist. */
static const struct msg_desc *
msg_known(uint16_t type)
{
	const struct msg_desc *d = msg_desc(type);

	if (d == NULL)
		never("unknown message type");
	return d;
}

static const struct wire_field *
msg_fields(uint16_t type)
{
	return msg_known(type)->fields;
}

int
msg_encode(struct buf *out, enum msg_type type, uint64_t request, const void *msg)
{
	return wire_encode_frame(msg_fields((uint16_t)type), (uint16_t)type, request, msg, out);
}

enum wire_result
msg_decode(const struct frame *f, enum role from, enum role to, enum when when, union msg *out)
{
	const struct msg_desc *d = msg_desc(f->type);

	if (d == NULL)
		return WIRE_UNKNOWN;
	if (d->when != when || !(d->from & from) || !(d->to & to))
		return WIRE_FORBIDDEN;
	return msg_decode_payload(d, f->payload, out);
}

enum wire_result
msg_decode_payload(const struct msg_desc *d, struct slice payload, union msg *out)
{
	return wire_decode(d->fields, payload, msg_fields, out);
}

int
record_encode(struct buf *out, enum msg_type type, const void *rec)
{
	return wire_encode(msg_fields((uint16_t)type), rec, out);
}

int
record_add(struct buf *list, enum msg_type type, const void *rec)
{
	return wire_list_encode(list, msg_fields((uint16_t)type), rec);
}

enum wire_result
record_decode(struct slice in, enum msg_type type, void *rec)
{
	return wire_decode(msg_fields((uint16_t)type), in, msg_fields, rec);
}

bool
msg_read_record(uint16_t type, const union msg *m, enum msg_type kind, void *record)
{
	return type == MSG_RECORD && record_decode(m->record.record, kind, record) == WIRE_OK;
}

static int
msg_print_hex(struct buf *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (buf_printf(out, "%02x", p[i]) == -1)
			return -1;
	return 0;
}

/* Prints one field's value. Contents of text and bytes are never printed. */
static int
msg_print_value(struct buf *out, const struct wire_field *field, const void *at)
{
	char text[ID_TEXT_LEN + 1];

	switch (field->type) {
	case WIRE_U8:
		return buf_printf(out, "%u", *(const uint8_t *)at);
	case WIRE_U16:
		return buf_printf(out, "%u", *(const uint16_t *)at);
	case WIRE_U32:
		return buf_printf(out, "%" PRIu32, *(const uint32_t *)at);
	case WIRE_U64:
		return buf_printf(out, "%" PRIu64, *(const uint64_t *)at);
	case WIRE_ID:
		id_format(at, text);
		return buf_append_str(out, text);
	case WIRE_HASH:
		return msg_print_hex(out, at, 4);
	case WIRE_TEXT:
	case WIRE_BYTES:
	case WIRE_REC:
	case WIRE_LIST:
		return buf_printf(out, "[%zu]", ((const struct slice *)at)->len);
	case WIRE_END:
		break;
	}
	never("unknown wire type");
}

int
msg_print(struct buf *out, enum msg_type type, const void *msg)
{
	const struct msg_desc *d = msg_known((uint16_t)type);

	if (buf_append_str(out, d->name) == -1)
		return -1;
	for (const struct wire_field *f = d->fields; f->type != WIRE_END; f++) {
		if (buf_printf(out, " %s=", f->name) == -1 ||
		    msg_print_value(out, f, (const uint8_t *)msg + f->offset) == -1)
			return -1;
	}
	return 0;
}
