/* SPDX-License-Identifier: MIT */
#include "agent/status/status_line.h"

#include "lib/str.h"

static void add(struct strbuf *line, size_t some, size_t all, const char *one, const char *many,
		const char *what)
{
	strbuf_add(line, "%s%zu of %zu %s %s", line->len > 0 ? ", " : "", some, all,
		   all == 1 ? one : many, what);
}

const char *status_line_format(const struct status_counts *c, char buf[static STATUS_LINE_MAX])
{
	struct strbuf line = strbuf_over(buf, STATUS_LINE_MAX);
	add(&line, c->apps_up, c->apps, "app", "apps", "up");
	add(&line, c->vips_announced, c->vips, "VIP", "VIPs", "announced");
	add(&line, c->established, c->peers, "peer", "peers", "established");
	if (c->lacks && c->lacks[0])
		strbuf_add(&line, "; missing: %s", c->lacks);
	return buf;
}
