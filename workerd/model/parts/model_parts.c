#include "workerd/model/parts/model_parts.h"

#include "proto/base/basics.h"
#include "proto/base/secrets.h"

static const struct {
	const char *name, *event;
} model_parts[] = {
#define MODEL_PART(NAME, name, without, names, phrases) {name, "model_without_" without},
#include "workerd/model/parts/model_parts.def"
};

const char *
model_part_name(enum model_part part)
{
	return model_parts[part].name;
}

const char *
model_part_event(enum model_part part)
{
	return model_parts[part].event;
}

uint64_t
model_part_member(struct slice name)
{
	const struct hash256 hash = secret_hash(name);
	uint64_t number = 0;

	for (size_t i = 0; i < sizeof(number); i++)
		number = number << 8 | hash.b[i];
	return number == 0 ? 1 : number;
}

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
