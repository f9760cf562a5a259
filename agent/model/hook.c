/* SPDX-License-Identifier: MIT */
#include "agent/model/hook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

const char *const event_kinds[] = {
	"agent.started",
	"agent.stopping",
	"aggregate.announced",
	"aggregate.withdrawn",
	"alarm.off",
	"alarm.on",
	"app.displaced",
	"app.down",
	"app.drained",
	"app.expired",
	"app.granted",
	"app.guarded",
	"app.held",
	"app.joining",
	"app.promoted",
	"app.released",
	"app.up",
	"bfd.down",
	"bfd.up",
	"consul.lost",
	"consul.reset",
	"consul.restored",
	"consul.service",
	"drain.off",
	"drain.on",
	"fleet.failed",
	"fleet.joined",
	"fleet.lost",
	"fleet.released",
	"fleet.rolling",
	"group.kept",
	"group.released",
	"host.resumed",
	"host.shutdown",
	"lo.down",
	"lo.up",
	"nat.lost",
	"nat.trouble",
	"nomad.lost",
	"nomad.reset",
	"nomad.restored",
	"nomad.service",
	"path.lost",
	"path.restored",
	"peer.disabled",
	"peer.enabled",
	"process.ended",
	"process.refused",
	"process.started",
	"reload.confirmed",
	"reload.done",
	"reload.failed",
	"reload.include",
	"reload.incomplete",
	"reload.rollback",
	"reload.unconfirmed",
	"request.log",
	"request.peer",
	"request.refused",
	"request.register",
	"request.unregister",
	"restart.refused",
	"route.announced",
	"route.withdrawn",
	"routes.announced",
	"routes.withdrawn",
	"session.down",
	"session.failed",
	"session.up",
	"vip.bound",
	"vip.lost",
	"vip.recovered",
	"vip.removed",
	"vip.trouble",
	"hook.failed",
	"hook.lost",
	NULL,
};

bool event_kind_matches(const char *kind, const char *pattern)
{
	size_t n = strlen(pattern);
	return str_starts(kind, pattern) && (kind[n] == 0 || kind[n] == '.');
}

static bool is_about_hooks(const char *kind)
{
	return event_kind_matches(kind, "hook");
}

int hook_check_pattern(const char *pattern, struct err *err)
{
	if (is_about_hooks(pattern))
		return err_set(err, -EINVAL, "'%.80s': no hook is run for an event about hooks",
			       pattern);
	for (size_t i = 0; *pattern && event_kinds[i]; i++)
		if (event_kind_matches(event_kinds[i], pattern))
			return 0;
	const char *nearest = str_nearest(pattern, event_kinds);
	return err_set(
		err, -EINVAL,
		"'%.80s' is not a kind of event, expected one like app.down, or app for all of "
		"its kinds%s%s%s",
		pattern, nearest ? "; did you mean '" : "", nearest ? nearest : "",
		nearest ? "'?" : "");
}

bool hook_is_for(const struct hook *hook, const char *kind)
{
	if (is_about_hooks(kind))
		return false;
	for (char **on = hook->on; on && *on; on++)
		if (event_kind_matches(kind, *on))
			return true;
	return false;
}

void hook_list_done(struct hook_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		for (char **on = list->items[i].on; on && *on; on++)
			free(*on);
		free(list->items[i].on);
		free(list->items[i].exec);
	}
	free(list->items);
	*list = (struct hook_list){ 0 };
}
