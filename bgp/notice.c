/* SPDX-License-Identifier: MIT */
#include "bgp/notice.h"

#include <string.h>

void bgp_notice_record(struct bgp_notice *notice, const struct bgp_notification *n, bool received,
		       mono_t now)
{
	bool again = notice->code == n->code && notice->subcode == n->subcode &&
		     notice->received == received;
	if (!again)
		*notice = (struct bgp_notice){ .first_at = now };
	notice->received = received;
	notice->code = n->code;
	notice->subcode = n->subcode;
	notice->data_len = n->data_len < sizeof(notice->data) ? n->data_len : sizeof(notice->data);
	memcpy(notice->data, bgp_notification_data(n), notice->data_len);
	notice->at = now;
	notice->count++;
}

void bgp_notice_expire(struct bgp_notice *notice, mono_t established_since, mono_t now)
{
	if (usec_sub(now, established_since) >= BGP_NOTICE_KEEP)
		*notice = (struct bgp_notice){ 0 };
}

void bgp_notice_session_over(struct bgp_notice *notice, mono_t established_since, mono_t now)
{
	if (notice->at < now)
		bgp_notice_expire(notice, established_since, now);
}

struct bgp_notification bgp_notice_message(const struct bgp_notice *notice)
{
	return (struct bgp_notification){ .code = notice->code,
					  .subcode = notice->subcode,
					  .data = notice->data,
					  .data_len = notice->data_len };
}
