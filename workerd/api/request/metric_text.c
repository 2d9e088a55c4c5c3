#include "workerd/api/request/metric_text.h"

#include <inttypes.h>

#include "proto/base/basics.h"

void
metric_text_head(struct buf *out, const char *name, const char *type, const char *help)
{
	must(buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type) == 0);
}

void
metric_text_gauge(struct buf *out, const char *name, const char *help, uint64_t value)
{
	metric_text_head(out, name, "gauge", help);
	must(buf_printf(out, "%s %" PRIu64 "\n", name, value) == 0);
}
