/*
 * From the lowest bit: identified 1, operator_bit 1, state 2, conversation 12, progress 20, next 17. Progress is 0, 1 for
 * operator_typing, for a reply 2 and its units, or behind those TOLD and run, or PAST, broken and what types (2 bits), or
 * FAR and how far before next.
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
#define TOLD     (REPLY + TURN_REPLY_MAX + 1)
#define FAR_MAX  2047u
#define FAR      ((1u << PROGRESS_BITS) - 1 - FAR_MAX)
#define PAST     (FAR - (4u << LIVE_PLACE_BROKEN))
#define RUNS_MAX (PAST - TOLD)

/* What types beside broken. */
#define TYPES_BITS  2
#define TYPES       1u
#define TYPES_AGAIN 2u

#define BROKEN_MASK ((1u << LIVE_PLACE_BROKEN) - 1)
#define NEXT_MAX    ((1u << NEXT_BITS) - 1)

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
	if (place->far != 0)
		return FAR + (place->next - place->far);
	if (place->broken != 0)
		return PAST + ((uint64_t)place->broken << TYPES_BITS) +
		    (place->typing && place->again                    ? TYPES_AGAIN
			    : place->typing || place->operator_typing ? TYPES
								      : 0);
	if (place->typing)
		return REPLY + (uint64_t)place->units;
	if (place->operator_typing)
		return 1;
	return place->told ? TOLD + (uint64_t)place->run : 0;
}

/* What a number can say: next has a maximum, and beside broken there is no room for a reply at next that is told: it is
 * one of broken then. */
static struct live_place
live_place_numbered(const struct live_place *place)
{
	struct live_place p = *place;

	if (p.next >= NEXT_MAX)
		p.broken = 0;
	if (p.next >= NEXT_MAX || p.next - p.far > FAR_MAX)
		p.far = 0;
	if (p.broken == 0 || !p.told)
		return p;
	live_place_move(&p, p.next + 1);
	(void)live_place_note(&p, p.next - 1, true);
	return p;
}

uint64_t
live_place_number(const struct live_place *place)
{
	const struct live_place p = live_place_numbered(place);

	return live_place_field(p.next, NEXT_BITS) << NEXT_SHIFT |
	    live_place_field(live_place_progress(&p), PROGRESS_BITS) << PROGRESS_SHIFT |
	    (uint64_t)p.conversation << CONVERSATION_SHIFT |
	    (uint64_t)(p.state & 3u) << STATE_SHIFT | (uint64_t)p.operator_bit << 1 |
	    p.identified;
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

uint64_t
live_place_first(const struct live_place *place)
{
	uint64_t first = place->next;

	for (unsigned bits = place->broken; bits != 0; bits >>= 1)
		first--;
	return place->far != 0 && place->far < first ? place->far : first;
}

bool
live_place_is_broken(const struct live_place *place, uint64_t position)
{
	if (position >= place->next)
		return false;
	return position == place->far ||
	    (place->next - position <= LIVE_PLACE_BROKEN &&
		(place->broken >> (place->next - position - 1) & 1u) != 0);
}

void
live_place_move(struct live_place *place, uint64_t position)
{
	const bool forwards = position >= place->next;
	const uint64_t by = forwards ? position - place->next : place->next - position;
	uint32_t bits = by < LIVE_PLACE_BROKEN ? place->broken : 0;

	bits = forwards ? bits << by % LIVE_PLACE_BROKEN : bits >> by % LIVE_PLACE_BROKEN;
	place->broken = (uint16_t)(bits & BROKEN_MASK);
	place->next = position;
	if (place->far >= position)
		place->far = 0;
}

bool
live_place_note(struct live_place *place, uint64_t position, bool broken)
{
	const uint64_t before = place->next - position;
	uint32_t bit;

	if (position == place->far)
		place->far = 0;
	if (position >= place->next || before > LIVE_PLACE_BROKEN || place->next >= NEXT_MAX)
		return false;
	bit = 1u << (before - 1);
	place->broken = (uint16_t)(broken ? place->broken | bit : place->broken & ~bit);
	return true;
}

void
live_place_go_back(struct live_place *place, uint64_t position)
{
	place->typing = false;
	place->units = 0;
	if (live_place_note(place, position, true))
		return;
	if (place->far == 0 && place->next - position <= FAR_MAX && place->next < NEXT_MAX) {
		place->far = position;
		return;
	}
	live_place_move(place, position);
	place->told = false;
}

static void
live_place_read(uint64_t number, struct live_place *place)
{
	uint64_t progress = live_place_take(number, PROGRESS_SHIFT, PROGRESS_BITS);
	bool is_reply = progress >= REPLY && progress < TOLD;
	bool is_told = progress >= TOLD && progress < PAST;
	uint64_t past = progress >= PAST && progress < FAR ? progress - PAST : 0;
	uint64_t far = progress > FAR ? progress - FAR : 0;

	*place = (struct live_place){
	    .next = live_place_take(number, NEXT_SHIFT, NEXT_BITS),
	    .told = is_told,
	    .run = is_told ? (uint32_t)(progress - TOLD) : 0,
	    .broken = (uint16_t)(past >> TYPES_BITS),
	    .typing = is_reply || far != 0 || past % (1u << TYPES_BITS) != 0,
	    .again = far != 0 || past % (1u << TYPES_BITS) == TYPES_AGAIN,
	    .units = is_reply ? (uint32_t)(progress - REPLY) : 0,
	    .operator_typing = progress == 1,
	    .conversation =
		(uint16_t)live_place_take(number, CONVERSATION_SHIFT, CONVERSATION_BITS),
	    .state = (uint8_t)live_place_take(number, STATE_SHIFT, 2),
	    .operator_bit = live_place_take(number, 1, 1) != 0,
	    .identified = live_place_take(number, 0, 1) != 0,
	};
	if (far != 0 && far < place->next)
		place->far = place->next - far;
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
	/* Of an older version. */
	if (place->next <= LIVE_PLACE_BROKEN && place->next > 0)
		place->broken &= (uint16_t)((1u << (place->next - 1)) - 1);
	return true;
}
