/*
 * storaged counts the mails, and knows whether maild is connected.
 */
#include "workerd/api/mail_metrics.h"

#include "proto/base/clock.h"
#include "workerd/api/request/metric_text.h"

void
mail_metrics_write(const struct msg_store_info *info, struct buf *out)
{
	metric_text_gauge(
	    out, "banter_mails_waiting", "Mails that wait to be sent.", info->mails_waiting);
	metric_text_gauge(out, "banter_mails_standing_seconds",
	    "For how long no mail could be sent although some wait; 0: they are sent.",
	    msg_mail_standing_ms(info->mail_failing_at, info->mail_due_at, clock_wall_ms()) / 1000);
	metric_text_gauge(out, "banter_mail_connected",
	    "1 while maild is connected to storaged.", info->mail_program.len > 0);
}
