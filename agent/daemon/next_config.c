/* SPDX-License-Identifier: MIT */
#include "agent/daemon/next_config.h"

#include <stdlib.h>
#include <string.h>

#include "agent/daemon/parts.h"
#include "agent/daemon/peer_set.h"
#include "agent/daemon/reload_report.h"
#include "agent/daemon/turn.h"
#include "lib/mem.h"

struct next_config *next_config_new(struct agent *a, const char *text, size_t len, bool compares)
{
	struct next_config *c = mem_new(1, sizeof(*c));
	c->a = a;
	c->compares = compares;
	c->text = mem_new(1, len + 1);
	memcpy(c->text, text, len);
	const struct config_source of_text = { .file = a->config_file.path,
					       .text = c->text,
					       .len = len,
					       .subnets = host_changes_subnets(a->host_changes),
					       .present = &a->config->set,
					       .added = peer_set_added,
					       .added_userdata = a };
	file_check_begin(&c->check, a, &of_text);
	return c;
}

void next_config_free(struct next_config *c)
{
	if (!c)
		return;
	config_differ_done(&c->differ);
	config_diff_done(&c->diff);
	file_check_done(&c->check);
	free(c->text);
	free(c);
}

int next_config_step(struct next_config *c)
{
	if (c->is_checked)
		return config_differ_step(&c->differ, COMPARED_STEP);
	int rc = file_check_step(&c->check);
	if (rc != 0 || !c->compares)
		return rc;
	c->is_checked = true;
	config_differ_begin(&c->differ, c->a->config, c->check.next, &c->diff);
	return 1;
}

json_t *next_config_findings(struct next_config *c)
{
	config_findings_move(&c->check.findings, &c->check.found);
	return reload_findings_json(&c->check.findings);
}
