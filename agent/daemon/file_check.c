/* SPDX-License-Identifier: MIT */
#include "agent/daemon/file_check.h"

#include <errno.h>

#include "agent/daemon/parts.h"
#include "agent/daemon/peer_set.h"
#include "agent/daemon/reload.h"
#include "agent/daemon/turn.h"

static void forget(struct file_check *c)
{
	config_loader_free(c->loader);
	reload_check_done(&c->check);
	config_free(c->next);
	config_findings_done(&c->findings);
	config_findings_done(&c->found);
	*c = (struct file_check){ .a = c->a, .source = c->source };
}

static void load(struct file_check *c)
{
	c->reloads = reload_count(c->a->reload);
	c->loader = config_loader_new(&c->source, &c->findings);
}

void file_check_begin(struct file_check *c, struct agent *a, const struct config_source *source)
{
	*c = (struct file_check){ .a = a, .source = *source };
	load(c);
}

bool file_check_is_stale(const struct file_check *c)
{
	return c->reloads != reload_count(c->a->reload);
}

static int load_step(struct file_check *c)
{
	int rc = config_loader_step(c->loader, &c->next);
	if (rc != 0)
		return rc;
	config_loader_free(c->loader); /* its trees are large */
	c->loader = NULL;
	return peer_set_merge(c->a, c->next, false, &c->found) < 0 ? -EINVAL : 1;
}

int file_check_step(struct file_check *c)
{
	if (file_check_is_stale(c)) {
		forget(c);
		load(c);
	}
	if (!c->next)
		return load_step(c);
	if (c->checked)
		return reload_check_step(&c->check, CHECKED_STEP);
	c->checked = true;
	return reload_check_begin(&c->check, c->a, c->next, false, &c->found) < 0 ? -EINVAL : 1;
}

void file_check_done(struct file_check *c)
{
	if (!c->a)
		return;
	forget(c);
	*c = (struct file_check){ 0 };
}
