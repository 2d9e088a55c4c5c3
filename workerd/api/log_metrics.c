#include "workerd/api/log_metrics.h"

#include "proto/base/basics.h"
#include "workerd/api/request/metric_text.h"

/* The name is any text; a label's value has escapes for these three bytes. */
static void
log_metrics_write_owner(struct slice name, struct buf *out)
{
	metric_text_head(out, "banter_log_owner", "gauge",
	    "The machine that owns the store; others are standbys.");
	must(buf_append_str(out, "banter_log_owner{machine=\"") == 0);
	for (size_t i = 0; i < name.len; i++) {
		if (name.p[i] == '\\' || name.p[i] == '"' || name.p[i] == '\n')
			must(buf_append_str(out, "\\") == 0);
		must(buf_append(
			 out, name.p[i] == '\n' ? (const uint8_t *)"n" : &name.p[i], 1) == 0);
	}
	must(buf_append_str(out, "\"} 1\n") == 0);
}

void
log_metrics_write(const struct msg_store_info *info, struct buf *out)
{
	if (info->store_role == STORE_ALONE)
		return;
	log_metrics_write_owner(info->log_owner, out);
	metric_text_gauge(out, "banter_log_epoch", "How often the store has changed its owner.",
	    info->log_epoch);
	metric_text_gauge(
	    out, "banter_log_seq", "The last row of the commit log.", info->log_seq);
	metric_text_gauge(out, "banter_log_standbys",
	    "Standbys that have reported in the last 10 s.", info->log_standbys);
	metric_text_gauge(out, "banter_log_behind_rows",
	    "Rows that the nearest standby has not applied.", info->log_behind);
	metric_text_gauge(out, "banter_log_append_microseconds",
	    "The mean time of the last appends to the commit log.", info->log_append_us);
}
