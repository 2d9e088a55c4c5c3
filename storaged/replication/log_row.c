#include "storaged/replication/log_row.h"

#include <endian.h>
#include <string.h>

struct hash256
log_row_digest(const struct log_row *row)
{
	struct hash256 data = secret_hash(row->data);
	uint64_t seq = htobe64(row->seq), epoch = htobe64(row->epoch);
	uint32_t schema = htobe32(row->schema);
	uint8_t all[sizeof(seq) + sizeof(epoch) + sizeof(schema) + 2 * sizeof(data)];
	uint8_t *p = all;

	p = mempcpy(p, &seq, sizeof(seq));
	p = mempcpy(p, &epoch, sizeof(epoch));
	p = mempcpy(p, &schema, sizeof(schema));
	p = mempcpy(p, &row->prev, sizeof(row->prev));
	memcpy(p, &data, sizeof(data));
	return secret_hash((struct slice){all, sizeof(all)});
}
