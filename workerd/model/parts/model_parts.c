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
