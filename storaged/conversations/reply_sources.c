/*
 * Checks what a worker or an export gives as sources of a reply.
 */
#include "storaged/conversations/reply_sources.h"

#include <endian.h>
#include <string.h>

/* Each item is its length (32 bits, little-endian) and an encoded record. */
static bool
reply_sources_list_is_valid(struct slice list, enum msg_type type)
{
	union msg item;

	while (list.len > 0) {
		uint32_t len;

		if (list.len < sizeof(len))
			return false;
		memcpy(&len, list.p, sizeof(len));
		len = le32toh(len);
		list = (struct slice){list.p + sizeof(len), list.len - sizeof(len)};
		if (len > list.len ||
		    record_decode((struct slice){list.p, len}, type, &item) != WIRE_OK)
			return false;
		list = (struct slice){list.p + len, list.len - len};
	}
	return true;
}

bool
reply_sources_are_valid(struct slice sources)
{
	struct msg_sources_record r;

	if (sources.len == 0)
		return true;
	return record_decode(sources, MSG_SOURCES_RECORD, &r) == WIRE_OK &&
	    reply_sources_list_is_valid(r.passages, MSG_SOURCES_PASSAGE) &&
	    reply_sources_list_is_valid(r.marks, MSG_SOURCES_MARK);
}
