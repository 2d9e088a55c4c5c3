#include "workerd/api/live/live_page.h"

#include "proto/base/basics.h"

struct live_page
live_page_of(const struct msg_message_page *page)
{
	return (struct live_page){.messages = page->messages, .places = page->places};
}

bool
live_page_next(struct live_page *walk, struct live_message *message)
{
	struct msg_message_place place;
	struct slice item;

	if (!wire_list_next(&walk->messages, &message->record))
		return false;
	must(record_decode(message->record, MSG_MESSAGE_RECORD, &message->r) == WIRE_OK);
	must(wire_list_next(&walk->places, &item));
	must(record_decode(item, MSG_MESSAGE_PLACE, &place) == WIRE_OK);
	message->seq = place.seq;
	message->is_last = walk->messages.len == 0;
	return true;
}

bool
live_page_last(const struct msg_message_page *page, struct live_message *message)
{
	struct live_page walk = live_page_of(page);
	bool has = false;

	while (live_page_next(&walk, message))
		has = true;
	return has;
}

struct msg_conversation_record
live_page_conversation(const struct msg_message_page *page)
{
	struct msg_conversation_record r;

	must(record_decode(page->conversation, MSG_CONVERSATION_RECORD, &r) == WIRE_OK);
	return r;
}
