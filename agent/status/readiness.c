/* SPDX-License-Identifier: MIT */
#include "agent/status/readiness.h"

#include "lib/str.h"

bool readiness_report(const struct readiness *r, char buf[READINESS_TEXT_MAX])
{
	struct strbuf text = strbuf_over(buf, READINESS_TEXT_MAX);
	if (r->stopping)
		strbuf_add(&text, "vipherald is stopping\n");
	if (!r->registered)
		strbuf_add(&text, "the apps of the configuration are still being registered\n");
	else if (!r->discovered)
		strbuf_add(&text, "no answer from Consul yet\n");
	if (r->left_out > 0)
		strbuf_add(&text, "%zu included file%s with errors: the apps are left out\n",
			   r->left_out, r->left_out == 1 ? "" : "s");
	if (r->unjudged == 1)
		strbuf_add(&text, "'%.128s' has no verdict from its monitors yet\n", r->waits_on);
	else if (r->unjudged > 1)
		strbuf_add(&text, "'%.128s' and %zu more have no verdict from their monitors yet\n",
			   r->waits_on, r->unjudged - 1);
	if (r->peers > 0 && r->established == 0)
		strbuf_add(&text, "no BGP session established (0 of %zu)\n", r->peers);
	if (r->refused > 0)
		strbuf_add(&text, "%zu VIP%s can be sent to no peer (/v1/routes)\n", r->refused,
			   r->refused == 1 ? "" : "s");
	if (r->missing && r->missing[0])
		strbuf_add(&text, "missing: %.256s (/v1/capabilities)\n", r->missing);
	if (text.len > 0)
		return false;
	strbuf_add(&text, "ready\n");
	return true;
}
