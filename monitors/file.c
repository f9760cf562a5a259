/* SPDX-License-Identifier: MIT */
/*
 * "file:/PATH": the file exists; "file:!/PATH": it does not. A file that cannot be examined
 * (permissions, a broken disk) is unknown.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "monitors/monitor.h"

static bool is_absent(const struct monitor_spec *s)
{
	const char *arg = monitor_spec_argument(s);
	return arg && arg[0] == '!';
}

static const char *path_of(const struct monitor_spec *s)
{
	const char *arg = monitor_spec_argument(s);
	return arg ? arg + is_absent(s) : "";
}

static int parse(const struct monitor_spec *s, void *parsed, struct err *err)
{
	(void)parsed;
	if (path_of(s)[0] != '/')
		return err_set(
			err, -EINVAL,
			"expected file:/PATH, or file:!/PATH for a file that must not exist");
	return 0;
}

static void check(struct monitor_env *env, const struct monitor_spec *spec, void *attached,
		  struct monitor_result *ret)
{
	(void)env, (void)attached;
	struct stat st;
	bool exists = stat(path_of(spec), &st) == 0, absent = is_absent(spec);
	if (!exists && errno != ENOENT && errno != ENOTDIR) {
		snprintf(ret->said, sizeof(ret->said), "cannot examine the file: %s",
			 strerror(errno));
		return;
	}
	ret->health = exists != absent ? HEALTH_UP : HEALTH_DOWN;
	if (ret->health == HEALTH_DOWN || absent)
		snprintf(ret->said, sizeof(ret->said), "the file %s",
			 exists ? "exists" : "does not exist");
}

static const struct monitor_ops ops = {
	.said_up = "the file exists",
	.check = check,
};

static const struct monitor_option options[] = {
	{ .name = "absent",
	  .doc = "Of `file`: it must not exist.",
	  .type = "`true` or `false`",
	  .preset = "`false`",
	  .mark = "!" },
};

const struct monitor_kind monitor_kind_file = {
	.name = "file",
	.format = "file:PATH",
	.doc = "A path: the file exists.",
	.access = MONITOR_READS_HOST,
	.options = options,
	.n_options = 1,
	.parse = parse,
	.ops = &ops,
};
