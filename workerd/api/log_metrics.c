#include "workerd/api/log_metrics.h"

#include "workerd/api/request/metric_text.h"

void
log_metrics_write(const struct msg_store_info *info, struct buf *out)
{
	if (info->store_role == STORE_ALONE)
		return;
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
