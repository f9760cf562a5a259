/* SPDX-License-Identifier: MIT */
#include "agent/status/status_line.h"

#include "lib/str.h"

static void add(struct strbuf *line, size_t n, size_t all, const char *one, const char *many,
		const char *state)
{
	strbuf_add(line, "%s%zu of %zu %s %s", line->len > 0 ? ", " : "", n, all,
		   all == 1 ? one : many, state);
}

const char *status_line_format(const struct status_counts *c, char buf[static STATUS_LINE_MAX])
{
	struct strbuf line = strbuf_over(buf, STATUS_LINE_MAX);
	add(&line, c->apps_up, c->apps, "app", "apps", "up");
	add(&line, c->vips_announced, c->vips, "VIP", "VIPs", "announced");
	if (c->vips_suppressed > 0)
		strbuf_add(&line, " (%zu suppressed)", c->vips_suppressed);
	add(&line, c->established, c->peers, "peer", "peers", "established");
	if (c->missing && c->missing[0])
		strbuf_add(&line, "; missing: %s", c->missing);
	return buf;
}
