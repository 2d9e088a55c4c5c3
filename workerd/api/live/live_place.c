/*
 * From the lowest bit: identified 1, operator_bit 1, state 2, conversation 12, progress 20, next 17. Progress is 0, 1 for
 * operator_typing, for a reply 2 and its units, or behind those TOLD and run, or BEHIND and behind.
 *
 * A conversation with more messages than 17 bits count stays at the last position: its clients then get messages again,
 * with the same ids.
 */
#include "workerd/api/live/live_place.h"

#include "proto/base/basics.h"
#include "workerd/turn/turn_sink.h"

#define STATE_SHIFT        2
#define CONVERSATION_SHIFT 4
#define PROGRESS_SHIFT     16
#define NEXT_SHIFT         36

#define CONVERSATION_BITS 12
#define PROGRESS_BITS     20
#define NEXT_BITS         17

/* Digits of a number of 53 bits. */
#define DIGITS_MAX 16

/* Where progress of a reply begins. */
#define REPLY 2u

/* Behind the longest reply. */
#define TOLD       (REPLY + TURN_REPLY_MAX + 1)
#define BEHIND_MAX 4095u
#define BEHIND     ((1u << PROGRESS_BITS) - 1 - BEHIND_MAX)
#define RUNS_MAX   (BEHIND - TOLD)

static uint64_t
live_place_field(uint64_t value, unsigned bits)
{
	uint64_t most = ((uint64_t)1 << bits) - 1;

	return value < most ? value : most;
}

static uint64_t
live_place_take(uint64_t number, unsigned shift, unsigned bits)
{
	return number >> shift & (((uint64_t)1 << bits) - 1);
}

static uint64_t
live_place_progress(const struct live_place *place)
{
	if (place->behind > 0)
		return BEHIND + (uint64_t)place->behind;
	if (place->typing)
		return REPLY + (uint64_t)place->units;
	if (place->operator_typing)
		return 1;
	return place->told ? TOLD + (uint64_t)place->run : 0;
}

uint64_t
live_place_number(const struct live_place *place)
{
	return live_place_field(place->next, NEXT_BITS) << NEXT_SHIFT |
	    live_place_field(live_place_progress(place), PROGRESS_BITS) << PROGRESS_SHIFT |
	    (uint64_t)place->conversation << CONVERSATION_SHIFT |
	    (uint64_t)(place->state & 3u) << STATE_SHIFT | (uint64_t)place->operator_bit << 1 |
	    place->identified;
}

uint16_t
live_place_mark(const struct id *conversation)
{
	const uint8_t *random = conversation->b + sizeof(conversation->b) - 2;
	const unsigned bits = (unsigned)random[0] << 8 | random[1];

	return (uint16_t)(1 + bits % ((1u << CONVERSATION_BITS) - 1));
}

/* FNV-1a. */
uint32_t
live_place_run(struct slice record)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < record.len; i++)
		hash = (hash ^ record.p[i]) * 16777619u;
	return 1 + hash % (RUNS_MAX - 1);
}

void
live_place_go_back(struct live_place *place, uint64_t position)
{
	const uint64_t behind = place->next - position;

	place->typing = false;
	place->units = 0;
	if (place->behind == 0 && behind <= BEHIND_MAX && place->next < (1u << NEXT_BITS)) {
		place->behind = (uint32_t)behind;
		return;
	}
	place->next = position;
	place->behind = 0;
	place->told = false;
}

static void
live_place_read(uint64_t number, struct live_place *place)
{
	uint64_t progress = live_place_take(number, PROGRESS_SHIFT, PROGRESS_BITS);
	bool is_reply = progress >= REPLY && progress < TOLD;
	bool is_told = progress >= TOLD && progress < BEHIND;
	bool is_behind = progress > BEHIND;

	*place = (struct live_place){
	    .next = live_place_take(number, NEXT_SHIFT, NEXT_BITS),
	    .told = is_told,
	    .run = is_told ? (uint32_t)(progress - TOLD) : 0,
	    .behind = is_behind ? (uint32_t)(progress - BEHIND) : 0,
	    .typing = is_reply || is_behind,
	    .units = is_reply ? (uint32_t)(progress - REPLY) : 0,
	    .operator_typing = progress == 1,
	    .conversation =
		(uint16_t)live_place_take(number, CONVERSATION_SHIFT, CONVERSATION_BITS),
	    .state = (uint8_t)live_place_take(number, STATE_SHIFT, 2),
	    .operator_bit = live_place_take(number, 1, 1) != 0,
	    .identified = live_place_take(number, 0, 1) != 0,
	};
}

bool
live_place_parse(struct slice text, struct live_place *place)
{
	uint64_t number = 0;

	if (text.len == 0 || text.len > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		number = 10 * number + (uint64_t)(text.p[i] - '0');
	}
	if (number >> (NEXT_SHIFT + NEXT_BITS) != 0)
		return false;
	live_place_read(number, place);
	/* A client without any message can know nothing else. */
	if (place->next == 0)
		*place = (struct live_place){0};
	return place->behind == 0 || place->behind < place->next;
}
