/* SPDX-License-Identifier: MIT */
/*
 * The configuration of the start: the file, or the copy of the last good one when the file is
 * broken or its text was on trial and not confirmed.
 */
#ifndef AGENT_DAEMON_START_CONFIG_H
#define AGENT_DAEMON_START_CONFIG_H

struct agent;

/* Fills in a->config, a->config_file and a->mark. -EINVAL: there is nothing to run; the log says
 * why. */
int start_config_load(struct agent *a, const char *file);

#endif
