#include "workerd/model/parts/refused_parts.h"

#include "proto/base/basics.h"

static bool
refused_parts_has(const struct refused_parts *r, uint64_t member)
{
	for (uint32_t i = 0; i < r->members_n; i++)
		if (r->members[i] == member)
			return true;
	return (r->parts & PART(EXTRA)) != 0;
}

bool
refused_parts_has_member(const struct refused_parts *r, struct slice name)
{
	return refused_parts_has(r, model_part_member(name));
}

static void
refused_parts_put(struct refused_parts *to, uint64_t member)
{
	if (refused_parts_has(to, member))
		return;
	if (to->members_n == ARRAY_LEN(to->members))
		to->parts |= PART(EXTRA);
	else
		to->members[to->members_n++] = member;
}

void
refused_parts_add_member(struct refused_parts *to, struct slice name)
{
	refused_parts_put(to, model_part_member(name));
}

void
refused_parts_add(struct refused_parts *to, const struct refused_parts *from)
{
	to->parts |= from->parts;
	for (uint32_t i = 0; i < from->members_n; i++)
		refused_parts_put(to, from->members[i]);
}

bool
refused_parts_lacks(const struct refused_parts *a, const struct refused_parts *b)
{
	for (uint32_t i = 0; i < b->members_n; i++)
		if (!refused_parts_has(a, b->members[i]))
			return true;
	return (b->parts & ~a->parts) != 0;
}
