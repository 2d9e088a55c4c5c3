/*
 * Rights by role.
 */
#include "workerd/api/guard/rights.h"

#include "proto/base/basics.h"

enum holders { ALL, GRANTED, OWNERS };

static const struct {
	enum right right;
	const char *word;
	enum holders holders;
} table[] = {
#define RIGHT(NAME, bit, word, holders) {RIGHT_##NAME, word, holders},
#include "workerd/api/request/rights.def"
};

uint32_t
rights_of(const struct api_call *c)
{
	uint32_t rights = 0;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		bool granted =
		    table[i].holders == GRANTED && (c->granted & table[i].right) != 0;

		if (c->role == USER_OWNER || table[i].holders == ALL || granted)
			rights |= table[i].right;
	}
	return rights;
}

bool
rights_has(const struct api_call *c, enum right right)
{
	return right == RIGHT_NONE || (rights_of(c) & right) != 0;
}

void
rights_write(struct json_writer *j, const char *name, uint32_t rights)
{
	json_write_open(j, name, '[');
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if ((rights & table[i].right) != 0)
			json_write_str(j, NULL, slice_str(table[i].word));
	json_write_close(j, ']');
}
