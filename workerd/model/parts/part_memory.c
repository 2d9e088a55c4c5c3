/*
 * One writer; readers in other processes may see an entry half-written, which shows them too little for a moment.
 */
#include "workerd/model/parts/part_memory.h"

#include "proto/base/basics.h"
#include "proto/base/secrets.h"

#define FORGET_MS (24u * 3600 * 1000)

uint64_t
part_memory_key(struct slice server, struct slice model)
{
	struct buf both;
	uint64_t key;

	buf_init(&both, server.len + model.len + 1);
	must(buf_append(&both, server.p, server.len) == 0 && buf_append(&both, "", 1) == 0 &&
	    buf_append(&both, model.p, model.len) == 0);
	key = model_part_member(buf_slice(&both));
	buf_clear(&both);
	return key;
}

void
part_memory_find(
    const struct part_memory *m, uint64_t key, uint64_t now_ms, struct refused_parts *out)
{
	for (size_t i = 0; i < ARRAY_LEN(m->at); i++) {
		const struct part_memory_entry *e = &m->at[i];
		struct refused_parts known = {.parts = (uint32_t)metric_get(&e->parts)};

		if (metric_get(&e->key) != key || metric_get(&e->until_ms) <= now_ms)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(e->members); k++)
			if (metric_get(&e->members[k]) != 0)
				known.members[known.members_n++] = metric_get(&e->members[k]);
		refused_parts_add(out, &known);
	}
}

/* The key's own entry, or the one that is forgotten first. */
static struct part_memory_entry *
part_memory_choose(struct part_memory *m, uint64_t key)
{
	struct part_memory_entry *first = &m->at[0];

	for (size_t i = 0; i < ARRAY_LEN(m->at); i++) {
		if (metric_get(&m->at[i].key) == key)
			return &m->at[i];
		if (metric_get(&m->at[i].until_ms) < metric_get(&first->until_ms))
			first = &m->at[i];
	}
	return first;
}

void
part_memory_add(
    struct part_memory *m, uint64_t key, uint64_t now_ms, const struct refused_parts *refused)
{
	struct part_memory_entry *e = part_memory_choose(m, key);
	struct refused_parts all = {0};

	part_memory_find(m, key, now_ms, &all);
	if (all.parts == 0 && all.members_n == 0) {
		metric_set(&e->key, 0);
		metric_set(&e->until_ms, now_ms + FORGET_MS);
	}
	refused_parts_add(&all, refused);
	metric_set(&e->parts, all.parts);
	for (size_t i = 0; i < ARRAY_LEN(e->members); i++)
		metric_set(&e->members[i], i < all.members_n ? all.members[i] : 0);
	metric_set(&e->key, key);
}
